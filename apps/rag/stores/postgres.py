"""The engine's reads of PostgreSQL: exact references, nearest vectors, and the hydration that admits candidates.

Synchronous; the engine calls them through `run_db`. They speak psycopg directly, because Django's cursor neither
prepares nor reads in binary, and these statements run for every question.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from django.db import Error as DatabaseError
from django.db import connection
from psycopg.rows import tuple_row

from apps.rag.errors import RetrievalUnavailable
from apps.rag.models import Index, IndexEntry
from apps.rag.ports import Vectors
from apps.rag.types import Hit, InForce, Passage, Scope, Span

# The one predicate that decides what a person may read; every statement here carries it.
_ADMITTED = """
    e.state = 'live'
    AND e.namespace = ANY(%(namespaces)s::text[])
    AND (e.organisation_id IS NULL OR e.organisation_id = ANY(%(organisations)s::uuid[]))
    AND (%(country)s::text IS NULL OR e.country IS NULL OR e.country = %(country)s::text)
    AND e.in_force @> %(as_of)s::date
"""
# Only this module's own predicate is put into the statements; every value is a parameter.
# ruff: noqa: S608
_BY_REFERENCE = f"""
    SELECT e.id, e.reference_keys, (e.country IS NOT NULL), e.ordinal
    FROM rag_indexentry e
    WHERE e.reference_keys && %(keys)s::text[] AND {_ADMITTED}
    ORDER BY e.id LIMIT 200
"""
# The index's id and dimension are literals, or the planner could not match the partial index.
_NEAREST = f"""
    SELECT e.id, 1 - (v.vector::halfvec({{dimension}}) <=> %(vector)s::halfvec({{dimension}}))
    FROM rag_embedding v JOIN rag_indexentry e ON e.id = v.entry_id
    WHERE v.index_id = {{index_id}} AND {_ADMITTED}
    ORDER BY v.vector::halfvec({{dimension}}) <=> %(vector)s::halfvec({{dimension}}) LIMIT %(k)s
"""
_HYDRATE = f"""
    SELECT e.id, e.passage_id, e.document_id, e.version_id, e.namespace, e.organisation_id, e.country, e.kind, e.code,
        e.document_title, e.locator, e.heading_path, e.ordinal, e.page, e.span_start, e.span_end,
        lower(e.in_force), upper(e.in_force), e.plan, e.text, e.reference_keys, v.id,
        CASE WHEN v.id = ANY(%(known)s::bigint[]) THEN NULL ELSE v.sentence_vectors END
    FROM rag_indexentry e LEFT JOIN rag_embedding v ON v.entry_id = e.id AND v.index_id = %(index_id)s
    WHERE e.id = ANY(%(ids)s::bigint[]) AND {_ADMITTED}
"""
# A filter that keeps few rows would end an HNSW scan early; relaxed_order goes on until there are enough.
_SEARCH_SETTINGS = """
    SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true)
"""


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """The live index of vectors as the store needs it."""

    index_id: int
    dimension: int


@dataclass(frozen=True, slots=True)
class ReferenceHit:
    """An entry that carries one of the keys asked for."""

    entry_id: int
    references: tuple[str, ...]
    is_national: bool
    ordinal: int


@dataclass(frozen=True, slots=True)
class FirstRound:
    """What PostgreSQL says before anything is fused."""

    by_reference: tuple[ReferenceHit, ...]
    nearest: tuple[Hit, ...]
    reference_ms: float
    nearest_ms: float


@dataclass(frozen=True, slots=True)
class Hydrated:
    """An admitted candidate; `sentence_vectors` is None where the caller has them, or there are none."""

    passage: Passage
    references: tuple[str, ...]
    embedding_id: int | None
    sentence_vectors: bytes | None


def first_round(
    scope: Scope, keys: Sequence[str], index: VectorIndex | None, vector: Vectors | None, k: int
) -> FirstRound:
    """Look up exact references and the k nearest vectors under the scope. Raises RetrievalUnavailable."""
    values = _scope_values(scope)
    by_reference: list[tuple[Any, ...]] = []
    nearest: list[tuple[Any, ...]] = []
    try:
        raw = _raw_connection()
        with raw.transaction(), _cursor(raw) as cursor:
            marks = [time.perf_counter()]
            if keys:
                cursor.execute(_BY_REFERENCE, {**values, "keys": list(keys)}, binary=True)
                by_reference = cursor.fetchall()
            marks.append(time.perf_counter())
            if index is not None and vector is not None:
                cursor.execute(_SEARCH_SETTINGS)
                sql = _NEAREST.format(dimension=index.dimension, index_id=index.index_id)
                cursor.execute(sql, {**values, "vector": _halfvec(vector), "k": k}, binary=True)
                nearest = cursor.fetchall()
            marks.append(time.perf_counter())
    except (psycopg.Error, DatabaseError) as error:
        raise RetrievalUnavailable from error
    return FirstRound(
        tuple(ReferenceHit(row[0], tuple(row[1]), row[2], row[3]) for row in by_reference),
        # relaxed order is nearly sorted, and the fusion wants it sorted
        tuple(sorted((Hit(row[0], float(row[1])) for row in nearest), key=lambda hit: (-hit.score, hit.entry_id))),
        (marks[1] - marks[0]) * 1e3,
        (marks[2] - marks[1]) * 1e3,
    )


def hydrate(
    scope: Scope, entry_ids: Sequence[int], index: VectorIndex | None, known_embeddings: Sequence[int]
) -> Mapping[int, Hydrated]:
    """Fetch the candidates that the scope admits now, by entry id. Raises RetrievalUnavailable."""
    if not entry_ids:
        return {}
    values = {
        **_scope_values(scope),
        "ids": list(entry_ids),
        "index_id": index.index_id if index else 0,
        "known": list(known_embeddings),
    }
    try:
        with _cursor(_raw_connection()) as cursor:
            cursor.execute(_HYDRATE, values, binary=True)
            return {row[0]: _hydrated(row) for row in cursor.fetchall()}
    except (psycopg.Error, DatabaseError) as error:
        raise RetrievalUnavailable from error


def vector_index(embedder_name: str, dimension: int) -> VectorIndex | None:
    """Return the live index of an embedder, or None. Raises RetrievalUnavailable."""
    try:
        live = Index.objects.filter(embedder=embedder_name, dimension=dimension, state=Index.State.LIVE).first()
    except DatabaseError as error:
        raise RetrievalUnavailable from error
    return VectorIndex(live.pk, live.dimension) if live else None


def namespaces_indexed() -> tuple[str, ...]:
    """Return the namespaces that hold live entries of the shared base, evaluation corpora left out."""
    live = IndexEntry.objects.filter(state=IndexEntry.State.LIVE, organisation_id=None)
    names = live.exclude(namespace__startswith="eval_").order_by("namespace").values_list("namespace", flat=True)
    return tuple(names.distinct())


def codes_in_scope(scope: Scope) -> frozenset[str]:
    """Return the codes of the texts that the scope admits."""
    try:
        with _cursor(_raw_connection()) as cursor:
            cursor.execute(f"SELECT DISTINCT e.code FROM rag_indexentry e WHERE {_ADMITTED}", _scope_values(scope))
            return frozenset(row[0] for row in cursor.fetchall() if row[0])
    except (psycopg.Error, DatabaseError) as error:
        raise RetrievalUnavailable from error


def _raw_connection() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    return cast("psycopg.Connection[Any]", connection.connection)


def _cursor(raw: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    # Django gives its connections a client-side cursor, which reads text only
    return psycopg.Cursor(raw, row_factory=tuple_row)


def _scope_values(scope: Scope) -> dict[str, object]:
    return {
        "namespaces": list(scope.namespaces),
        "organisations": list(scope.organisation_ids),
        "country": scope.country,
        "as_of": scope.as_of,
    }


def _halfvec(vector: Vectors) -> str:
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"


def _hydrated(row: tuple[Any, ...]) -> Hydrated:
    entry_id, passage_id, document_id, version_id, namespace, organisation_id = row[:6]
    country, kind, code, title, locator = row[6:11]
    passage = Passage(
        entry_id=entry_id,
        passage_id=passage_id,
        document_id=document_id,
        version_id=version_id,
        namespace=namespace,
        organisation_id=organisation_id,
        country=country,
        kind=kind,
        code=code,
        document_title=title,
        locator=locator,
        heading_path=tuple(row[11]),
        ordinal=row[12],
        page=row[13],
        span=Span(row[14], row[15]),
        in_force=InForce(row[16], row[17]),
        plan=row[18],
        text=row[19],
    )
    return Hydrated(passage, tuple(row[20]), row[21], bytes(row[22]) if row[22] is not None else None)
