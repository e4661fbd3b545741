"""One contract for every store of vectors: pgvector, and Pinecone's real client against a loopback server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from apps.rag import indexer
from apps.rag.errors import VectorsUnavailable
from apps.rag.models import Index, IndexEntry
from apps.rag.ports import StoredVector, VectorIndex, Vectors, VectorStore
from apps.rag.stores import pgvectors, vector_store
from apps.rag.stores.pgvectors import PostgresVectors, iterative_scan_fault
from apps.rag.stores.pinecone import PineconeStore
from apps.rag.tests.entries import article, scope
from apps.rag.tests.pinecone_server import KEY, PineconeServer, Refused, serve
from apps.rag.types import InForce, NewEntry
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

D = 8
_opened: list[PineconeStore] = []
OURS, THEIRS = UUID(int=7), UUID(int=8)


@pytest.fixture
def pinecone() -> Iterator[PineconeServer]:
    with serve(dimension=D) as server:
        yield server


@pytest.fixture(params=["pgvector", "pinecone"])
def store(request: pytest.FixtureRequest) -> VectorStore:
    return PostgresVectors() if request.param == "pgvector" else opened(request.getfixturevalue("pinecone"))


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


@pytest.fixture
def index() -> VectorIndex:
    live = Index.objects.create(embedder="x", dimension=D, analysis_revision=1, state=Index.State.LIVE)
    return VectorIndex(live.pk, D)


def opened(server: PineconeServer) -> PineconeStore:
    """Return a store over a server."""
    made = PineconeStore(api_key=KEY, index_name="kauri-ohada", host=server.url)
    _opened.append(made)
    return made


def towards(angle: float) -> Vectors:
    """Return a unit vector at an angle from the first axis."""
    made = np.zeros(D, dtype=np.float32)
    made[0], made[1] = np.cos(angle), np.sin(angle)
    return made


def stored(*entries: NewEntry) -> list[StoredVector]:
    """Publish entries and give each a vector, further from the first axis one by one."""
    ids = indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)
    return [
        StoredVector(key, each.namespace, each.organisation_id, each.country, each.in_force, towards(0.1 * n))
        for n, (key, each) in enumerate(zip(ids, entries, strict=True))
    ]


async def test_the_nearest_come_first(store: VectorStore, index: VectorIndex) -> None:
    rows = await run_db(stored, *(article(str(n), "texte") for n in range(5)))
    await run_db(store.upsert, index, rows)
    hits = await store.nearest(index, scope(), towards(0.0), 3)
    assert [hit.entry_id for hit in hits] == [row.entry_id for row in rows[:3]]
    assert [hit.score for hit in hits] == pytest.approx([np.cos(0.1 * n) for n in range(3)], abs=2e-3)
    assert await run_db(store.count, index) == 5


async def test_nobody_finds_what_the_scope_leaves_out(store: VectorStore, index: VectorIndex) -> None:
    rows = await run_db(
        stored,
        article("shared", "texte"),
        article("other namespace", "texte", namespace="doctrine", version="2"),
        article("ours", "texte", organisation_id=OURS, version="3"),
        article("theirs", "texte", organisation_id=THEIRS, version="4"),
        article("of Senegal", "texte", country="SN", version="5"),
        article("of Congo", "texte", country="CG", version="6"),
        article("former", "texte", in_force=InForce(None, date(2018, 1, 1)), version="7"),
        article("to come", "texte", in_force=InForce(date(2027, 1, 1), None), version="8"),
    )
    await run_db(store.upsert, index, rows)
    names = dict(
        zip(
            (row.entry_id for row in rows),
            ("shared", "other", "ours", "theirs", "SN", "CG", "former", "next"),
            strict=True,
        )
    )

    async def found(**changes: object) -> set[str]:
        return {names[hit.entry_id] for hit in await store.nearest(index, scope(**changes), towards(0.0), 50)}

    assert await found() == {"shared", "SN", "CG"}
    assert await found(country="SN") == {"shared", "SN"}
    assert await found(organisation_ids=(OURS,), country="SN") == {"shared", "ours", "SN"}
    assert await found(namespaces=("doctrine",)) == {"other"}
    assert await found(namespaces=("references", "doctrine"), country="CG") == {"shared", "other", "CG"}
    assert await found(as_of=date(2017, 12, 31), country="SN") == {"shared", "SN", "former"}
    assert await found(as_of=date(2018, 1, 1), country="SN") == {"shared", "SN"}
    assert await found(as_of=date(2027, 1, 1), country="SN") == {"shared", "SN", "next"}
    assert await found(namespaces=("nowhere",)) == set()


async def test_what_is_deleted_has_gone(store: VectorStore, index: VectorIndex) -> None:
    rows = await run_db(stored, *(article(str(n), "texte") for n in range(4)))
    await run_db(store.upsert, index, rows)
    await run_db(store.delete, index, [rows[0].entry_id, rows[2].entry_id, 10**9])
    hits = await store.nearest(index, scope(), towards(0.0), 10)
    assert [hit.entry_id for hit in hits] == [rows[1].entry_id, rows[3].entry_id]
    await run_db(store.delete, index, [rows[0].entry_id])


async def test_another_vector_takes_the_place_of_the_one_before(store: VectorStore, index: VectorIndex) -> None:
    (row,) = await run_db(stored, article("1", "texte"))
    await run_db(store.upsert, index, [row])
    turned = StoredVector(row.entry_id, row.namespace, None, None, row.in_force, towards(1.0))
    await run_db(store.upsert, index, [turned])
    (hit,) = await store.nearest(index, scope(), towards(1.0), 10)
    assert hit.score == pytest.approx(1.0, abs=2e-3)


async def test_indexes_do_not_see_each_other(store: VectorStore, index: VectorIndex) -> None:
    rows = await run_db(stored, article("1", "texte"))
    await run_db(store.upsert, index, rows)
    made = await run_db(Index.objects.create, embedder="y", dimension=D, analysis_revision=1)
    assert await store.nearest(VectorIndex(made.pk, D), scope(), towards(0.0), 10) == ()


async def test_many_are_taken_in_requests_of_a_hundred(pinecone: PineconeServer, index: VectorIndex) -> None:
    made = [StoredVector(n, "references", None, None, InForce(None, None), towards(0.0)) for n in range(250)]
    await run_db(opened(pinecone).upsert, index, made)
    assert [len(request.body["vectors"]) for request in pinecone.asked("/vectors/upsert")] == [100, 100, 50]
    assert {request.headers["x-pinecone-api-version"] for request in pinecone.requests} == {"2026-07"}


async def test_wide_vectors_stay_below_the_size_of_a_request(index: VectorIndex) -> None:
    with serve(dimension=4_000) as server:
        wide = np.ones(4_000, dtype=np.float32) / np.sqrt(np.float32(4_000))
        made = [StoredVector(n, "references", None, None, InForce(None, None), wide) for n in range(60)]
        await run_db(opened(server).upsert, VectorIndex(index.index_id, 4_000), made)
        assert len(server.asked("/vectors/upsert")) == 2


async def test_an_entry_that_moved_leaves_nothing_behind(pinecone: PineconeServer, index: VectorIndex) -> None:
    store = opened(pinecone)
    row = StoredVector(5, "references", None, None, InForce(None, None), towards(0.0))
    await run_db(store.upsert, index, [row])
    await run_db(store.upsert, index, [StoredVector(5, "doctrine", None, None, InForce(None, None), row.vector)])
    assert {name: list(there) for name, there in pinecone.namespaces.items() if there} == {
        "doctrine": [f"{index.index_id}-5"]
    }


async def test_namespaces_are_asked_at_the_same_time(pinecone: PineconeServer, index: VectorIndex) -> None:
    store = opened(pinecone)
    await store.nearest(index, scope(), towards(0.0), 10)
    pinecone.answer_lag_s = 0.3
    started = time.perf_counter()
    await store.nearest(index, scope(namespaces=("a", "b", "c", "d")), towards(0.0), 10)
    assert time.perf_counter() - started < 0.9
    assert {request.body["namespace"] for request in pinecone.asked("/query")} >= {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    "fault", [Refused(429, "slow down", retry_after="0.05"), Refused(503, "soon"), Refused(500, "oh")]
)
async def test_what_passes_is_tried_again(pinecone: PineconeServer, index: VectorIndex, fault: Refused) -> None:
    pinecone.faults = {"/query": [fault], "/vectors/upsert": [fault]}
    store = opened(pinecone)
    await run_db(store.upsert, index, [StoredVector(1, "references", None, None, InForce(None, None), towards(0.0))])
    hits = await store.nearest(index, scope(namespaces=("references",)), towards(0.0), 10)
    assert [hit.entry_id for hit in hits] == [1]
    assert (len(pinecone.asked("/query")), len(pinecone.asked("/vectors/upsert"))) == (2, 2)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_what_is_refused_for_good_is_not_tried_again(
    pinecone: PineconeServer, index: VectorIndex, status: int
) -> None:
    pinecone.faults = {"/query": [Refused(status, "no")]}
    with pytest.raises(VectorsUnavailable) as caught:
        await opened(pinecone).nearest(index, scope(namespaces=("references",)), towards(0.0), 10)
    assert caught.value.permanent
    assert len(pinecone.asked("/query")) == 1


async def test_a_question_does_not_wait_for_ever(
    pinecone: PineconeServer, index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.rag.stores.pinecone._QUERY_DEADLINE_S", 0.2)
    pinecone.answer_lag_s = 1.0
    started = time.perf_counter()
    with pytest.raises(VectorsUnavailable):
        await opened(pinecone).nearest(index, scope(), towards(0.0), 10)
    assert time.perf_counter() - started < 0.8


async def test_a_batch_that_fails_in_the_middle_is_an_error(pinecone: PineconeServer, index: VectorIndex) -> None:
    made = [StoredVector(n, "references", None, None, InForce(None, None), towards(0.0)) for n in range(150)]
    store = opened(pinecone)
    pinecone.faults = {"/vectors/upsert": []}
    await run_db(store.upsert, index, made[:1])
    pinecone.faults = {"/vectors/upsert": [Refused(400, "bad vector")]}
    with pytest.raises(VectorsUnavailable):
        await run_db(store.upsert, index, made)
    await run_db(store.upsert, index, made)
    assert await run_db(store.count, index) == 150


async def test_a_delete_that_lags_is_waited_for(pinecone: PineconeServer, index: VectorIndex) -> None:
    store = opened(pinecone)
    await run_db(store.upsert, index, [StoredVector(1, "references", None, None, InForce(None, None), towards(0.0))])
    pinecone.delete_lag_s = 0.3
    await run_db(store.delete, index, [1])
    assert pinecone.namespaces["references"] == {}
    assert len(pinecone.asked("/vectors/fetch")) > 1


async def test_a_delete_that_never_comes_is_an_error(
    pinecone: PineconeServer, index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.rag.stores.pinecone._DELETE_DEADLINE_S", 0.2)
    store = opened(pinecone)
    await run_db(store.upsert, index, [StoredVector(1, "references", None, None, InForce(None, None), towards(0.0))])
    pinecone.delete_lag_s = 3600.0
    with pytest.raises(VectorsUnavailable, match="1"):
        await run_db(store.delete, index, [1])


async def test_another_dimension_is_said(pinecone: PineconeServer, index: VectorIndex) -> None:
    with pytest.raises(VectorsUnavailable, match="16"):
        await run_db(opened(pinecone).count, VectorIndex(index.index_id, 16))


def _scattered(n_entries: int) -> list[StoredVector]:
    chance = np.random.default_rng(1)
    rows = stored(
        *(article(str(n), "texte", namespace="doctrine" if n % 10 else "references") for n in range(n_entries))
    )
    made = chance.normal(size=(n_entries, D)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return [StoredVector(r.entry_id, r.namespace, None, None, r.in_force, v) for r, v in zip(rows, made, strict=True)]


@pytest.mark.parametrize("namespaces", [("references",), ("references", "doctrine")])
@pytest.mark.parametrize("n_narrow", [0, 10**6])
async def test_a_walk_and_a_scan_find_the_same(
    index: VectorIndex, monkeypatch: pytest.MonkeyPatch, namespaces: tuple[str, ...], n_narrow: int
) -> None:
    store = PostgresVectors()
    rows = await run_db(_scattered, 400)
    await run_db(store.upsert, index, rows)
    monkeypatch.setattr(store, "_width", lambda *_: (400, n_narrow))
    vector = towards(0.7)
    exact = sorted((-float(row.vector @ vector), row.entry_id) for row in rows if row.namespace in namespaces)
    hits = await store.nearest(index, scope(namespaces=namespaces), vector, 20)
    assert len({hit.entry_id for hit in hits} & {entry_id for _score, entry_id in exact[:20]}) >= 19


async def test_a_scope_is_counted_once(index: VectorIndex) -> None:
    store = PostgresVectors()
    rows = await run_db(_scattered, 50)
    await run_db(store.upsert, index, rows)
    n_in_scope, n_narrow = await run_db(store._width, index, scope(namespaces=("references",)))
    assert (n_in_scope, n_narrow >= 2 * pgvectors._POOL) == (5, True)


async def test_signs_follow_their_entries(index: VectorIndex) -> None:
    store = PostgresVectors()
    rows = await run_db(stored, article("1", "texte"))
    await run_db(store.upsert, index, rows)
    await run_db(indexer.version_withdraw, article("1", "texte").version_id)
    assert await store.nearest(index, scope(), towards(0.0), 10) == ()
    await run_db(indexer.version_publish, article("1", "texte").version_id)
    assert len(await store.nearest(index, scope(), towards(0.0), 10)) == 1
    await run_db(lambda: IndexEntry.objects.all().delete())
    assert await store.nearest(index, scope(), towards(0.0), 10) == ()


@pytest.mark.parametrize("setting", [("hnsw.iterative_skan", "relaxed_order"), ("hnsw.iterative_scan", "relaxed")])
def test_a_setting_that_pgvector_does_not_know_is_said(
    monkeypatch: pytest.MonkeyPatch, setting: tuple[str, str]
) -> None:
    assert iterative_scan_fault() == ""
    monkeypatch.setattr(pgvectors, "_ITERATIVE", setting)
    assert " = ".join(setting) in iterative_scan_fault()


def test_pinecone_without_a_key_stops_the_boot_in_one_sentence() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PINECONE_")}
    told = subprocess.run(
        [sys.executable, "-c", "import kauri.settings"],
        env={**environment, "VECTOR_STORE": "pinecone"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr.strip()) == (1, "VECTOR_STORE=pinecone needs PINECONE_API_KEY.")


def test_the_setting_chooses_the_store(settings: Any) -> None:
    assert isinstance(vector_store(), PostgresVectors)
    settings.KAURI_VECTOR_STORE, settings.KAURI_PINECONE_API_KEY = "pinecone", KEY
    settings.KAURI_PINECONE_INDEX = "another"
    assert vector_store().name == "pinecone:another"
