"""Addresses of servers, as each client library wants them."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from kauri import env

# Refused at once and on every machine, where no server was named: the commands then say so.
_NOWHERE = "postgresql://kauri_app@127.0.0.1:1/kauri"


def database(url: str, *, pool_size: int) -> dict[str, Any]:
    """Return Django's settings for a `postgresql://` URL; `?host=/folder` names a unix socket.

    `pool_size` connections at most come from psycopg's pool, since Django would otherwise open one
    a request under ASGI; 0 is no pool, for commands. Raises BadSetting for another scheme.
    """
    parts = urlsplit(url or _NOWHERE)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise env.BadSetting(f"DATABASE_URL: {parts.scheme}:// is not PostgreSQL. Expected postgresql://….")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or parts.hostname or "localhost"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "kauri",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "pool": {"min_size": 0, "max_size": pool_size, "timeout": 5, "max_idle": 60} if pool_size else False,
            "connect_timeout": 3,
            **query,
        },
    }


def broker_url(redis_url: str) -> str:
    """Return a Redis URL in kombu's spelling: unix sockets are `redis+socket://` there."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={number}"
