"""The engine's reads of PostgreSQL: exact references, and the hydration that admits candidates.

Synchronous; the engine calls them through `run_db`. They speak psycopg directly, because Django's cursor does not read
in binary, and these statements run for every question.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import Error as DatabaseError

from apps.rag.errors import RetrievalUnavailable, VectorsUnavailable
from apps.rag.models import Index, IndexEntry
from apps.rag.ports import VectorIndex
from apps.rag.stores.connection import raw_connection, raw_cursor, scope_values
from apps.rag.types import Hit, InForce, Passage, Scope, Span

logger = logging.getLogger(__name__)

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
_PASSAGE = """
    e.id, e.passage_id, e.document_id, e.version_id, e.namespace, e.organisation_id, e.country, e.kind, e.code,
    e.document_title, e.locator, e.heading_path, e.ordinal, e.page, e.span_start, e.span_end,
    lower(e.in_force), upper(e.in_force), e.plan, e.text, e.reference_keys
"""
_HYDRATE = f"""
    SELECT {_PASSAGE} FROM rag_indexentry e WHERE e.id = ANY(%(ids)s::bigint[]) AND {_ADMITTED}
"""
_SENTENCES = """
    SELECT v.entry_id, v.id, CASE WHEN v.id = ANY(%(known)s::bigint[]) THEN NULL ELSE v.sentence_vectors END
    FROM rag_embedding v WHERE v.entry_id = ANY(%(ids)s::bigint[]) AND v.index_id = %(index_id)s
"""


@dataclass(frozen=True, slots=True)
class ReferenceHit:
    """An entry that carries one of the keys asked for."""

    entry_id: int
    references: tuple[str, ...]
    is_national: bool
    ordinal: int


@dataclass(frozen=True, slots=True)
class FirstRound:
    """What the stores say before anything is fused; `have_vectors_failed` where theirs did not answer, or not whole."""

    by_reference: tuple[ReferenceHit, ...]
    nearest: tuple[Hit, ...]
    reference_ms: float
    nearest_ms: float
    have_vectors_failed: bool = False


@dataclass(frozen=True, slots=True)
class Hydrated:
    """An admitted candidate."""

    passage: Passage
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackedSentences:
    """The vectors of an entry's sentences as they are kept, None where the caller has those of this embedding."""

    entry_id: int
    embedding_id: int
    packed: bytes | None


def by_reference(scope: Scope, keys: Sequence[str]) -> tuple[ReferenceHit, ...]:
    """Look up the entries of the scope that carry one of the keys. Raises RetrievalUnavailable."""
    try:
        with raw_cursor(raw_connection()) as cursor:
            cursor.execute(_BY_REFERENCE, {**scope_values(scope), "keys": list(keys)}, binary=True)
            return tuple(ReferenceHit(row[0], tuple(row[1]), row[2], row[3]) for row in cursor.fetchall())
    except (psycopg.Error, DatabaseError) as error:
        raise RetrievalUnavailable from error


def hydrate(scope: Scope, entry_ids: Sequence[int]) -> Mapping[int, Hydrated]:
    """Fetch the candidates that the scope admits now, by entry id. Raises RetrievalUnavailable."""
    if not entry_ids:
        return {}
    try:
        with raw_cursor(raw_connection()) as cursor:
            cursor.execute(_HYDRATE, {**scope_values(scope), "ids": list(entry_ids)}, binary=True)
            return {row[0]: _hydrated(row) for row in cursor.fetchall()}
    except (psycopg.Error, DatabaseError) as error:
        raise RetrievalUnavailable from error


def packed_sentences(
    index: VectorIndex, entry_ids: Sequence[int], known_embeddings: Sequence[int]
) -> tuple[PackedSentences, ...]:
    """Fetch the vectors of entries' sentences. Raises VectorsUnavailable."""
    values = {"ids": list(entry_ids), "known": list(known_embeddings), "index_id": index.index_id}
    try:
        with raw_cursor(raw_connection()) as cursor:
            cursor.execute(_SENTENCES, values, binary=True)
            return tuple(PackedSentences(*row) for row in cursor.fetchall())
    except (psycopg.Error, DatabaseError) as error:
        raise VectorsUnavailable from error


def vector_index(embedder_name: str, revision: str, dimension: int) -> VectorIndex | None:
    """Return the live index of an embedder and its weights, or None. Raises RetrievalUnavailable."""
    made_by = Index.objects.filter(embedder=embedder_name, revision=revision, dimension=dimension)
    try:
        live = made_by.filter(state=Index.State.LIVE).first()
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
        with raw_cursor(raw_connection()) as cursor:
            cursor.execute(f"SELECT DISTINCT e.code FROM rag_indexentry e WHERE {_ADMITTED}", scope_values(scope))
            return frozenset(row[0] for row in cursor.fetchall() if row[0])
    except (psycopg.Error, DatabaseError) as error:
        raise RetrievalUnavailable from error


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
    return Hydrated(passage, tuple(row[20]))
