"""Vectors on disk between measurements, so that the second one of a corpus is quick. Derived: may be deleted."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from django.core.cache import caches

from apps.rag.config import RagConfig

logger = logging.getLogger(__name__)

_KEYS = "embed:*"
_BATCH = 1_000
_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)"


def vectors_restore(path: Path) -> int:
    """Put the vectors that are kept on disk into the embedding cache; return how many."""
    if not path.is_file():
        return 0
    n_restored = 0
    try:
        with closing(sqlite3.connect(path)) as kept:
            rows = kept.execute("SELECT key, vector FROM vectors")
            while some := rows.fetchmany(_BATCH):
                caches["vectors"].set_many(dict(some), timeout=RagConfig().embed_cache_ttl_s)
                n_restored += len(some)
    except sqlite3.DatabaseError:
        logger.warning("kept vectors cannot be read and are made anew", exc_info=True)
        path.unlink(missing_ok=True)
    return n_restored


def vectors_keep(path: Path) -> int:
    """Write the vectors of the embedding cache that are not yet on disk; return how many there are now.

    A disk that takes none costs the next measurement its time, and this one nothing.
    """
    try:
        return _keep(path)
    except (OSError, sqlite3.DatabaseError):
        logger.warning("vectors cannot be kept on disk", exc_info=True)
        return 0


def _keep(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=60)) as kept, kept:
        kept.execute(_TABLE)
        for keys in _some(caches["vectors"].iter_keys(_KEYS)):  # type: ignore[attr-defined]  # django_redis adds it to Django's caches
            kept.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", caches["vectors"].get_many(keys).items())
        (n_kept,) = kept.execute("SELECT count(*) FROM vectors").fetchone()
    return int(n_kept)


def _some(keys: Iterable[str]) -> Iterator[list[str]]:
    left = iter(keys)
    while some := list(islice(left, _BATCH)):
        yield some
