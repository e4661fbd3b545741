"""Checks of the servers that Kauri needs and of its own processes."""

import json
import os
import urllib.error
import urllib.request
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from apps.rag.build import boot_fault
from apps.rag.errors import VectorsUnavailable
from apps.rag.ports import VectorIndex
from apps.rag.stores import outside_store
from kauri import env
from kauri.celery import app
from kauri.management.findings import Finding, missing, note, ok

TIMEOUT_S = 3.0
PING_S = 1.5


def start_advice(variable: str) -> str:
    """Say what to do where the server that a variable names, or the embedded one, does not answer."""
    if os.environ.get(variable):
        return _("The server that %(variable)s names does not answer: start it, or correct the address.") % {
            "variable": variable
        }
    return _("Kauri is not running: make run")


def _origin(variable: str) -> str:
    return variable if os.environ.get(variable) else _("embedded")


@cache
def _refusal() -> DatabaseError | None:
    """Try the database once, without the pool, which would wait at every check."""
    parameters = connection.settings_dict
    try:
        psycopg.connect(
            host=parameters["HOST"],
            port=parameters["PORT"] or None,
            user=parameters["USER"] or None,
            password=parameters["PASSWORD"] or None,
            dbname=parameters["NAME"],
            connect_timeout=int(TIMEOUT_S),
        ).close()
    except psycopg.Error as error:
        return DatabaseError(*error.args)
    return None


def _row(statement: str) -> tuple[Any, ...]:
    if refusal := _refusal():
        raise refusal
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchone() or ())


def postgresql() -> Finding:
    """Ask PostgreSQL for its version, under the role that serves."""
    try:
        version, user = _row("SELECT split_part(version(), ' ', 2), current_user")
    except DatabaseError as error:
        return missing("PostgreSQL", _reason(error), start_advice("DATABASE_URL"))
    return ok("PostgreSQL", f"{version}, {user}, {_origin('DATABASE_URL')}")


def pgvector() -> Finding:
    """Look for the extension."""
    try:
        row = _row("SELECT max(extversion) FROM pg_extension WHERE extname = 'vector'")
    except DatabaseError as error:
        return missing("pgvector", _reason(error), start_advice("DATABASE_URL"))
    if row[0] is None:
        return missing("pgvector", "-", _("Run CREATE EXTENSION vector in the database as its superuser."))
    return ok("pgvector", row[0])


def vectors() -> Finding | None:
    """See that the configured model made the vectors that are searched, and that narrow scopes find enough."""
    name = _("Vectors")
    if settings.KAURI_EMBEDDER == "none":
        return None
    try:
        _row("SELECT 1")
        fault = boot_fault()
        (n_vectors,) = _row(
            "SELECT count(*) FROM rag_embeddingcode c JOIN rag_index i ON i.id = c.index_id WHERE i.state = 'live'"
        )
    except DatabaseError as error:
        return missing(name, _reason(error), start_advice("DATABASE_URL"))
    if fault:
        return missing(name, settings.KAURI_EMBEDDER, fault)
    return ok(name, _("%(n)s vectors") % {"n": n_vectors})


def outside_vectors() -> Finding | None:
    """Ask Pinecone, where vectors are searched there, how many it holds and whether they fit."""
    store = outside_store()
    if store is None:
        return None
    try:
        (index_id, dimension) = _row("SELECT id, dimension FROM rag_index WHERE state = 'live'") or (0, 0)
        found = _("%(n)s vectors") % {"n": store.count(VectorIndex(index_id, dimension))}
        done = _row(
            "SELECT is_complete, (SELECT coalesce(max(seq), 0) FROM rag_indexchange) - seq FROM rag_vectorfollower"
        )
    except DatabaseError as error:
        return missing("Pinecone", _reason(error), start_advice("DATABASE_URL"))
    except VectorsUnavailable as error:
        return missing("Pinecone", settings.KAURI_PINECONE_INDEX, str(error))
    finally:
        store.close()
    if not done or not done[0] or done[1]:
        return note("Pinecone", found, _("It is being filled; if it stays so, run manage.py rag_rebuild."))
    return ok("Pinecone", found)


def roles() -> Finding:
    """See that the serving role owns nothing and cannot pass row-level security."""
    name = _("Roles")
    try:
        user, is_superuser, has_bypass, n_owned = _row(
            "SELECT rolname, rolsuper, rolbypassrls, (SELECT count(*) FROM pg_tables WHERE tableowner = current_user)"
            " FROM pg_roles WHERE rolname = current_user"
        )
    except DatabaseError as error:
        return missing(name, _reason(error), start_advice("DATABASE_URL"))
    if is_superuser or has_bypass or n_owned:
        advice = _("Serve as a role that owns no table (DATABASE_URL) and migrate as the owner (DATABASE_OWNER_URL).")
        return note(name, user, advice)
    return ok(name, user)


def migrations() -> Finding:
    """Count the migrations that are still to be applied."""
    name = _("Tables")
    try:
        _row("SELECT 1")
        executor = MigrationExecutor(connection)
        n_missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        return missing(name, _reason(error), start_advice("DATABASE_URL"))
    if n_missing:
        found = _("%(n)s migrations to apply") % {"n": n_missing}
        return missing(name, found, _("Start again with make run, or run KAURI_DB_ROLE=owner manage.py migrate."))
    return ok(name, _("up to date"))


def valkey_state() -> Finding:
    """Ask the state store for its version, and that it neither evicts nor forgets."""
    with _valkey_client("REDIS_STATE_URL") as client:
        finding = _valkey(client, "Valkey (state)", "REDIS_STATE_URL")
        if finding.state == "missing":
            return finding
        policy = _setting(client, "maxmemory-policy")
        keeps = _setting(client, "appendonly")
    if policy not in {"noeviction", ""}:
        return missing(finding.name, f"{finding.found}, {policy}", _("Set maxmemory-policy to noeviction there."))
    if keeps == "no":
        return note(finding.name, finding.found, _("Set appendonly to yes there: a restart would lose running turns."))
    return finding


def valkey_cache() -> Finding:
    """Ask the cache store for its version; without it everything works, slower."""
    with _valkey_client("REDIS_CACHE_URL") as client:
        finding = _valkey(client, "Valkey (cache)", "REDIS_CACHE_URL")
    return note(finding.name, finding.found, finding.advice) if finding.state == "missing" else finding


def _valkey_client(variable: str) -> redis.Redis:
    return redis.Redis.from_url(
        getattr(settings, variable),
        socket_connect_timeout=TIMEOUT_S,
        socket_timeout=TIMEOUT_S,
        decode_responses=True,
    )


def _valkey(client: redis.Redis, name: str, variable: str) -> Finding:
    try:
        server: dict[str, Any] = client.info("server")
    except (redis.RedisError, OSError) as error:
        return missing(name, _reason(error), start_advice(variable))
    version = server.get("valkey_version") or server.get("redis_version")
    return ok(name, f"{version}, {_origin(variable)}")


def _setting(client: redis.Redis, name: str) -> str:
    try:
        return str(client.config_get(name).get(name, ""))
    except redis.RedisError:
        return ""  # managed services refuse CONFIG


def worker() -> Finding:
    """Ping the workers through the broker."""
    name = _("Worker")
    try:
        answers = app.control.ping(timeout=PING_S)
    except Exception as error:  # kombu passes on whatever its transport raises
        return missing(name, _reason(error), start_advice("REDIS_STATE_URL"))
    names = sorted(name for answer in answers or [] for name in answer)
    if not names:
        return missing(name, "-", _("No worker answers: documents stay in the queue. make run starts one."))
    return ok(name, ", ".join(names))


@cache
def _ready() -> dict[str, Any] | None:
    address = env.services(settings.KAURI_VAR_DIR).get("web_url") or settings.KAURI_PUBLIC_URL
    if urlsplit(address).scheme not in {"http", "https"}:
        return None
    try:
        with urllib.request.urlopen(f"{address}/v1/health/ready", timeout=TIMEOUT_S) as response:  # noqa: S310 - checked above
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            answer = {"status": f"HTTP {error.code}"}
    except (OSError, ValueError):
        return None
    return answer


def web() -> Finding:
    """Ask the web process whether it can serve."""
    answer = _ready()
    if answer is None:
        return missing(_("Web"), "-", _("Kauri is not running: make run"))
    if answer["status"] != "ok":
        return missing(_("Web"), answer["status"], _("It runs but cannot serve: mend what is marked in this table."))
    return ok(_("Web"), env.services(settings.KAURI_VAR_DIR).get("web_url") or settings.KAURI_PUBLIC_URL)


def search_index() -> Finding:
    """Compare what the full text has taken over with what was published."""
    name = _("Search index")
    try:
        newest, n_passages = _row(
            "SELECT (SELECT coalesce(max(seq), 0) FROM rag_indexchange),"
            " (SELECT count(*) FROM rag_indexentry WHERE state = 'live')"
        )
    except DatabaseError as error:
        return missing(name, _reason(error), start_advice("DATABASE_URL"))
    found = _("%(n)s passages") % {"n": n_passages}
    revision = ((_ready() or {}).get("checks") or {}).get("engine", {}).get("index_revision")
    if revision is None:
        return note(name, found, _("The web process, which holds the index, does not answer."))
    if revision < newest:
        advice = _("It follows within seconds; if it does not, stop Kauri, delete var/index and start again.")
        return note(name, _("%(n)s changes behind") % {"n": newest - revision}, advice)
    if not n_passages:
        return note(name, found, _("Import documents: manage.py kb_import FOLDER"))
    return ok(name, found)


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
