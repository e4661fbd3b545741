"""What an orchestrator asks a process: does it live, can it serve."""

import contextlib
import logging
import time
from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from apps.rag.build import get_engine

logger = logging.getLogger(__name__)

OK, DEGRADED, FAILED = "ok", "degraded", "failed"
_started = time.monotonic()


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process can: nothing outside it is asked."""
    return JsonResponse({"status": OK, "role": settings.KAURI_ROLE, "uptime_s": round(time.monotonic() - _started)})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 where this process can serve, 503 where it cannot; what is merely missed is `degraded`."""
    checks = {name: check() for name, check in _checks().items()}
    states = {result["status"] for result in checks.values()}
    status = FAILED if FAILED in states else DEGRADED if DEGRADED in states else OK
    return JsonResponse(
        {"status": status, "role": settings.KAURI_ROLE, "version": settings.KAURI_VERSION, "checks": checks},
        status=503 if status == FAILED else 200,
    )


Check = Callable[[], dict[str, str | int | float]]


def _checks() -> dict[str, Check]:
    checks: dict[str, Check] = {
        "database": _database,
        "migrations": _migrations,
        # Answers come without it, only not streamed; a missing cache is an empty cache.
        "state": lambda: _valkey(settings.REDIS_STATE_URL),
        "cache": lambda: _valkey(settings.REDIS_CACHE_URL),
    }
    checks["engine"] = _engine
    return checks


def _database() -> dict[str, str | int | float]:
    started = time.perf_counter()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return {"status": FAILED}
    return {"status": OK, "elapsed_ms": round((time.perf_counter() - started) * 1000, 1)}


def _migrations() -> dict[str, str | int | float]:
    try:
        n_missing = _n_missing_migrations()
    except DatabaseError:
        return {"status": FAILED}
    return {"status": FAILED if n_missing else OK, "n_missing": n_missing}


_is_migrated = False


def _n_missing_migrations() -> int:
    global _is_migrated  # noqa: PLW0603 - once migrated, a running process stays so: the plan is not cheap
    if _is_migrated:
        return 0
    executor = MigrationExecutor(connection)
    n_missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    _is_migrated = n_missing == 0
    return n_missing


def _valkey(url: str) -> dict[str, str | int | float]:
    started = time.perf_counter()
    try:
        _client(url).ping()
    except (RedisError, OSError):
        return {"status": DEGRADED}
    return {"status": OK, "elapsed_ms": round((time.perf_counter() - started) * 1000, 1)}


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, max_connections=2)


def _engine() -> dict[str, str | int | float]:
    with contextlib.suppress(Exception):
        engine = get_engine()
        # A cold one answers too: slowly, or from references and vectors alone. One of another process that does not
        # answer is missed by questions only: pages, earlier answers and the back office are there.
        return {"status": OK if engine.is_warm else DEGRADED, "index_revision": engine.revision}
    return {"status": FAILED}
