"""Readers who may see everything, a tenth, a hundredth and a thousandth: each gets k results, and the right ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from pgvector import HalfVector

from apps.rag import indexer
from apps.rag.embedding import index_create
from apps.rag.models import Index
from apps.rag.ports import StoredVector, VectorIndex, Vectors
from apps.rag.stores import pgvectors
from apps.rag.stores.connection import raw_connection, raw_cursor
from apps.rag.stores.pgvectors import PostgresVectors
from apps.rag.tests.entries import entry, scope
from apps.rag.types import Scope

pytestmark = pytest.mark.django_db(transaction=True)

N, D, K, N_QUESTIONS = 4_000, 64, 10, 25
SHARES = (1, 10, 100, 1_000)  # a scope holds one in so many
_CHANCE = np.random.default_rng(7)
_CENTRES = _CHANCE.normal(size=(40, D))


def near_some_centre(n_rows: int) -> Vectors:
    """Return unit vectors in clouds, as texts' are, and not evenly everywhere, where nothing is near."""
    rows = _CENTRES[_CHANCE.integers(0, len(_CENTRES), n_rows)] + 0.6 * _CHANCE.normal(size=(n_rows, D))
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def owner_of(number: int) -> UUID | None:
    """Return the organisation of an entry: each share of them has one of its own, and the rest is another's."""
    return next((UUID(int=share) for share in reversed(SHARES) if number % share == share // 2), None)


def scope_of(share: int) -> Scope:
    """Return the scope of who may read one in `share`, in a namespace where nothing is everybody's."""
    owners = tuple(UUID(int=each) for each in SHARES if each >= share)
    return scope(namespaces=("doctrine",), organisation_ids=owners)


def held(share: int) -> list[int]:
    """Return the numbers of the entries that a scope admits."""
    owners = {UUID(int=each) for each in SHARES if each >= share}
    return [number for number in range(N) if owner_of(number) in owners]


@pytest.fixture
def corpus() -> tuple[VectorIndex, dict[int, int], Vectors]:
    """Return an index, the number of each entry by its id, and all vectors by number."""
    made = index_create(SimpleNamespace(name="x", revision="1", dimension=D), Index.State.LIVE)
    index = VectorIndex(made.pk, D)
    entries = [
        entry(str(number), "texte", namespace="doctrine", organisation_id=owner_of(number)) for number in range(N)
    ]
    ids = indexer.entries_stage(entries)
    indexer.version_publish(entries[0].version_id)
    vectors = near_some_centre(N)
    rows = [
        StoredVector(key, "doctrine", each.organisation_id, None, each.in_force, vector)
        for key, each, vector in zip(ids, entries, vectors, strict=True)
    ]
    PostgresVectors().upsert(index, rows)
    return index, {key: number for number, key in enumerate(ids)}, vectors


def recall(found: list[list[int]], questions: Vectors, vectors: Vectors, admitted: list[int]) -> float:
    """Return the mean share of the k nearest that was found; all that was found must be admitted, and k of it."""
    shares = []
    for numbers, question in zip(found, questions, strict=True):
        assert set(numbers) <= set(admitted)
        nearest = [admitted[at] for at in np.argsort(-(vectors[admitted] @ question))[:K]]
        assert len(numbers) == len(nearest)
        shares.append(len(set(numbers) & set(nearest)) / len(nearest))
    return float(np.mean(shares))


def test_every_width_of_scope_finds_what_is_nearest(
    corpus: tuple[VectorIndex, dict[int, int], Vectors], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, number_of, vectors = corpus
    store, questions = PostgresVectors(), near_some_centre(N_QUESTIONS)

    def chosen(share: int) -> list[list[int]]:
        hits = [store.nearest_now(index, scope_of(share), question, K) for question in questions]
        return [[number_of[hit.entry_id] for hit in each] for each in hits]

    def walked(share: int) -> list[list[int]]:
        values: list[dict[str, Any]] = [
            {**pgvectors._scope_values(scope_of(share)), "vector": pgvectors.halfvec_bytes(question), "k": K}
            for question in questions
        ]
        rows = [pgvectors._rows(pgvectors._WALK, pgvectors._SETTINGS, index, each) for each in values]
        return [[number_of[row[0]] for row in each] for each in rows]

    for share in SHARES:
        assert recall(chosen(share), questions, vectors, held(share)) >= 0.95, share
    for share in (10, 100):
        assert recall(walked(share), questions, vectors, held(share)) >= 0.95, share
    # without iterative scans a walk ends where the filter has left next to nothing: so the start sees to them
    monkeypatch.setattr(pgvectors, "_SETTINGS", (("hnsw.iterative_scan", "off"), *pgvectors._SETTINGS[1:]))
    assert min(len(each) for each in walked(100)) < K


def test_what_a_search_sets_ends_with_it(corpus: tuple[VectorIndex, dict[int, int], Vectors]) -> None:
    index, _, vectors = corpus
    found = PostgresVectors().nearest_now(index, scope_of(1), vectors[0], K)
    assert len(found) == K
    with raw_cursor(raw_connection()) as cursor:
        cursor.execute("SELECT current_setting('enable_sort'), current_setting('hnsw.iterative_scan')")
        assert cursor.fetchone() == ("on", "off")


def test_a_vector_is_sent_as_the_halves_that_are_stored() -> None:
    vector = np.array([0.1, -0.3333, 1.0, 0.0, -6e-8], dtype=np.float32)
    with raw_cursor(raw_connection()) as cursor:
        cursor.adapters.register_dumper(pgvectors.HalfBytes, pgvectors.HalfBytesDumper)
        values = {"sent": pgvectors.halfvec_bytes(vector), "written": HalfVector(vector).to_text()}
        cursor.execute("SELECT %(sent)s::halfvec(5) = %(written)s::halfvec(5)", values)
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT %(sent)s::halfvec(5) = '[0.1,-0.3333,1,0,0]'::halfvec(5)", values)
        assert cursor.fetchone() == (False,)
