"""Nearest vectors by pgvector: a walk through the HNSW graph where a scope is wide, a scan where it is narrow.

Vectors are kept with the dimension of their index and not padded: halves of 512 numbers take half the memory and half
the time of 1,024, and an index of another dimension stands beside them while a model is changed.

A scan reads narrow rows (EmbeddingCode), orders them by how many signs differ from the question's, and compares whole
vectors of the nearest `_POOL` only: exact where the scope holds no more than those, and .96 of the hundred nearest,
.99 of the ten nearest, at ten thousand.
"""

from __future__ import annotations

import logging
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils.translation import gettext as _
from pgvector import HalfVector
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

from apps.rag.errors import VectorsUnavailable
from apps.rag.models import Embedding
from apps.rag.ports import StoredVector, VectorIndex, Vectors
from apps.rag.stores.connection import raw_connection, raw_cursor, scope_values
from apps.rag.types import Hit, Scope
from kauri.lib.db import run_db

logger = logging.getLogger(__name__)

_POOL = 1_000
_EVERYBODYS = UUID(int=0)
_WIDTH_S = 60.0  # a scope that grew meanwhile is searched by the slower way, and finds the same
_MAX_SCOPES = 512
_ITERATIVE = ("hnsw.iterative_scan", "relaxed_order")
# A filter that keeps few rows would end a walk early; relaxed_order goes on until there are enough. A plan made for
# every scope alike would scan where a walk is meant, and one core has no use for parallel workers.
_SETTINGS = (
    _ITERATIVE,
    ("hnsw.ef_search", "190"),
    ("enable_sort", "off"),
    ("plan_cache_mode", "force_custom_plan"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
)
_SCAN_SETTINGS = tuple(pair for pair in _SETTINGS if not pair[0].startswith("hnsw.") and pair[0] != "enable_sort")

# Only this module's own words are put into the statements; every value is a parameter.
# ruff: noqa: S608
_SCOPE = """
    c.index_id = {index_id} AND c.is_live AND c.namespace = ANY(%(namespaces)s::text[])
    AND c.organisation_id = ANY(%(organisations)s::uuid[]) AND c.starts <= %(as_of)s::date AND c.ends > %(as_of)s::date
    AND (%(country)s::text IS NULL OR c.country IN ('', %(country)s::text))
"""
# A scan costs by the rows of the scope, a walk by how many it must pass over to meet enough of them; measured at
# 10,000 and 100,000 rows, they cost the same where a scope holds some 65 times the root of all rows.
_WIDTH = f"""
    WITH narrow AS MATERIALIZED (
        SELECT greatest(2 * {_POOL}, 65 * sqrt(greatest(reltuples, 0)))::bigint AS n_rows
        FROM pg_class WHERE oid = 'rag_embeddingcode'::regclass)
    SELECT (SELECT count(*) FROM (SELECT 1 FROM rag_embeddingcode c WHERE {_SCOPE}
        LIMIT (SELECT n_rows + 1 FROM narrow)) AS few), n_rows FROM narrow
"""
_SCAN = f"""
    WITH near AS MATERIALIZED (
        SELECT c.embedding_id, c.entry_id FROM rag_embeddingcode c WHERE {_SCOPE}
        ORDER BY c.signs <~> binary_quantize(%(vector)s::halfvec({{dimension}})) LIMIT {_POOL})
    SELECT near.entry_id, 1 - (v.vector <=> %(vector)s::halfvec({{dimension}}))
    FROM near JOIN rag_embedding v ON v.id = near.embedding_id
    ORDER BY 2 DESC, 1 LIMIT %(k)s
"""
# The index's id and dimension are literals, or the planner could not match the partial index.
_WALK = f"""
    SELECT c.entry_id, 1 - (v.vector::halfvec({{dimension}}) <=> %(vector)s::halfvec({{dimension}}))
    FROM rag_embedding v JOIN rag_embeddingcode c ON c.embedding_id = v.id
    WHERE v.index_id = {{index_id}} AND {_SCOPE}
    ORDER BY v.vector::halfvec({{dimension}}) <=> %(vector)s::halfvec({{dimension}}) LIMIT %(k)s
"""


class PostgresVectors:
    """pgvector in the database that holds everything else. Safe between threads."""

    name = "pgvector"

    def __init__(self) -> None:
        self._widths: OrderedDict[tuple[int, Scope], tuple[int, int, float]] = OrderedDict()
        self._lock = threading.Lock()

    async def nearest(self, index: VectorIndex, scope: Scope, vector: Vectors, k: int) -> tuple[Hit, ...]:
        """Return the k entries of the scope nearest to `vector`, best first. Raises VectorsUnavailable."""
        return await run_db(self.nearest_now, index, scope, vector, k)

    def nearest_now(self, index: VectorIndex, scope: Scope, vector: Vectors, k: int) -> tuple[Hit, ...]:
        """As `nearest`, in a thread that may wait."""
        values = {**_scope_values(scope), "vector": halfvec_bytes(vector), "k": k}
        try:
            n_in_scope, n_narrow = self._width(index, scope)
            if n_in_scope > n_narrow:
                rows = _rows(_WALK, _SETTINGS, index, values)
                if len(rows) >= k:
                    return _hits(rows)
            return _hits(_rows(_SCAN, _SCAN_SETTINGS, index, values))
        except (psycopg.Error, DatabaseError) as error:
            raise VectorsUnavailable from error

    def upsert(self, index: VectorIndex, rows: Sequence[StoredVector]) -> None:
        """Put the vectors of entries that are there. Raises VectorsUnavailable."""
        made = [
            Embedding(index_id=index.index_id, entry_id=row.entry_id, vector=HalfVector(row.vector)) for row in rows
        ]
        try:
            Embedding.objects.bulk_create(
                made, update_conflicts=True, unique_fields=["index", "entry"], update_fields=["vector"]
            )
        except DatabaseError as error:
            raise VectorsUnavailable from error

    def delete(self, index: VectorIndex, entry_ids: Sequence[int]) -> None:
        """Remove entries' vectors; a transaction needs no second look. Raises VectorsUnavailable."""
        try:
            Embedding.objects.filter(index_id=index.index_id, entry_id__in=entry_ids).delete()
        except DatabaseError as error:
            raise VectorsUnavailable from error

    def count(self, index: VectorIndex) -> int:
        """Count the vectors of an index. Raises VectorsUnavailable."""
        try:
            return Embedding.objects.filter(index_id=index.index_id).count()
        except DatabaseError as error:
            raise VectorsUnavailable from error

    def close(self) -> None:
        """Do nothing: connections belong to the pool."""

    def _width(self, index: VectorIndex, scope: Scope) -> tuple[int, int]:
        """Return how many rows the scope holds, one beyond the second at most, and how many are worth a scan."""
        key = (index.index_id, scope)
        with self._lock:
            known = self._widths.get(key)
        if known is not None and time.monotonic() < known[2]:
            return known[:2]
        ((n_in_scope, n_narrow),) = _rows(_WIDTH, _SCAN_SETTINGS, index, _scope_values(scope))
        with self._lock:
            self._widths[key] = (n_in_scope, n_narrow, time.monotonic() + _WIDTH_S)
            while len(self._widths) > _MAX_SCOPES:
                self._widths.popitem(last=False)
        return n_in_scope, n_narrow


def iterative_scan_fault() -> str:
    """Return a sentence where PostgreSQL would not go on past a filter, "" where it does. Raises DatabaseError.

    An older pgvector takes the setting for somebody else's and keeps quiet, and a value that it does not know means
    off: so what counts is what it reads back, and that it reads it as a choice among its own.
    """
    name, value = _ITERATIVE
    try:
        with transaction.atomic():
            cursor = raw_cursor(raw_connection())
            cursor.execute("SELECT '[1]'::vector")  # loads the library, which then looks at what is set
            cursor.execute("SELECT set_config(%s, %s, true)", _ITERATIVE)
            cursor.execute("SELECT vartype, setting FROM pg_settings WHERE name = %s", (name,))
            if cursor.fetchone() == ("enum", value):
                return ""
    except psycopg.OperationalError as error:
        raise DatabaseError(str(error)) from error
    except psycopg.Error:
        logger.debug("pgvector refuses a setting", exc_info=True)
    told = _("pgvector does not know %(name)s = %(value)s, so a narrow scope would find too little: install 0.8.")
    return told % {"name": name, "value": value}


class HalfBytes(bytes):
    """A vector as PostgreSQL's binary format has it."""


class HalfBytesDumper(Dumper):
    """Sends a vector as it is; it names no type, so PostgreSQL takes that of the cast around it."""

    format = Format.BINARY

    def dump(self, obj: HalfBytes) -> Buffer:
        """Return the vector itself."""
        return obj


def halfvec_bytes(vector: Vectors) -> HalfBytes:
    """Write a vector as halfvec's binary format has it: to write and read its digits took both sides 0.2 ms."""
    return HalfBytes(struct.pack(">HH", len(vector), 0) + vector.astype(">f2").tobytes())


def _scope_values(scope: Scope) -> dict[str, Any]:
    return {**scope_values(scope), "organisations": [_EVERYBODYS, *scope.organisation_ids]}


def _rows(
    statement: str, settings: Sequence[tuple[str, str]], index: VectorIndex, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    raw = raw_connection()
    configured = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings)
    sql = statement.format(dimension=index.dimension, index_id=index.index_id)
    # One round trip. What a pipeline sends at once is one transaction, so the settings hold for the statement and no
    # longer; BEGIN and COMMIT of our own took longer than planning it.
    with raw.pipeline():
        raw_cursor(raw).execute(f"SELECT {configured}")
        cursor = raw_cursor(raw)
        cursor.adapters.register_dumper(HalfBytes, HalfBytesDumper)
        cursor.execute(sql, values, binary=True)
    return cursor.fetchall()


def _hits(rows: Sequence[tuple[Any, ...]]) -> tuple[Hit, ...]:
    # relaxed order is nearly sorted, and the fusion wants it sorted
    return tuple(sorted((Hit(row[0], float(row[1])) for row in rows), key=lambda hit: (-hit.score, hit.entry_id)))
