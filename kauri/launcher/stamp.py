"""Remember that the database fits the code, so that a warm start need not load Django to find out."""

import hashlib
import json
from pathlib import Path

import psycopg

from kauri.launcher.texts import BASE_DIR

_TIMEOUT_S = 3


def fingerprint(owner_url: str) -> str:
    """Return a digest of the migrations in the code, the locked packages and the database's address."""
    files = sorted(path for path in BASE_DIR.glob("*/**/migrations/*.py") if ".venv" not in path.parts)
    parts = [str(path.relative_to(BASE_DIR)) for path in files]
    lock = BASE_DIR / "requirements" / "base.txt"
    content = "\n".join((owner_url_identity(owner_url), *parts, lock.read_text("utf-8") if lock.exists() else ""))
    return hashlib.sha256(content.encode()).hexdigest()


def owner_url_identity(owner_url: str) -> str:
    """Return what stays the same of an address: an embedded server's socket folder does not."""
    return "embedded" if "?host=/" in owner_url else owner_url


def stamp_write(path: Path, owner_url: str) -> None:
    """Note that every migration in the code is applied."""
    path.write_text(json.dumps({"code": fingerprint(owner_url), "applied": _n_applied(owner_url)}), "utf-8")


def stamp_holds(path: Path, owner_url: str) -> bool:
    """Tell whether the note is about this code and this database, and the database still has its tables."""
    try:
        noted = json.loads(path.read_text("utf-8"))
        return bool(noted["code"] == fingerprint(owner_url) and noted["applied"] == _n_applied(owner_url))
    except (OSError, ValueError, KeyError, psycopg.Error):
        return False


def _n_applied(owner_url: str) -> int:
    with psycopg.connect(owner_url, connect_timeout=_TIMEOUT_S) as connection:
        row = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
    return int(row[0]) if row else 0
