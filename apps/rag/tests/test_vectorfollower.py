"""A store of vectors outside PostgreSQL: filled, followed, refilled, by one process, and searched by the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.config import RagConfig
from apps.rag.models import Embedding, Index, VectorFollower
from apps.rag.retrieval.vectorfollower import VectorsFollower
from apps.rag.stores.pinecone import PineconeStore
from apps.rag.tests.entries import article, scope
from apps.rag.tests.pinecone_server import KEY, PineconeServer, Refused, serve
from apps.rag.types import Question
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = tuple(article(str(n), f"Le gérant numéro {n} est nommé.") for n in range(3))
LATER = article("311", "Le capital social est d'un million de francs.", version="later")


@pytest.fixture
def pinecone(settings: Any) -> Iterator[PineconeServer]:
    with serve(dimension=512) as server:
        settings.KAURI_EMBEDDER, settings.KAURI_VECTOR_STORE = "builtin", "pinecone"
        settings.KAURI_PINECONE_API_KEY, settings.KAURI_PINECONE_HOST = KEY, server.url
        yield server


@pytest.fixture
def follower(pinecone: PineconeServer) -> Iterator[VectorsFollower]:
    made, close = follower_of(pinecone)
    yield made
    close()


def follower_of(server: PineconeServer) -> tuple[VectorsFollower, Callable[[], None]]:
    """Return a follower and what ends it."""
    store = PineconeStore(api_key=KEY, index_name="kauri-ohada", host=server.url)
    made = VectorsFollower(store, RagConfig())

    def close() -> None:
        made.stop()
        store.close()

    return made, close


def publish(*entries: Any) -> None:
    """Publish entries with their vectors."""
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.entries_embed(version_id)
        indexer.version_publish(version_id)


def held(server: PineconeServer) -> set[int]:
    """Return the entries whose vectors the store holds."""
    return {int(key.partition("-")[2]) for there in server.namespaces.values() for key in there}


def live() -> set[int]:
    """Return the entries whose vectors it should hold."""
    found = Embedding.objects.filter(index__state=Index.State.LIVE, entry__state="live")
    return set(found.values_list("entry", flat=True))


def follow(follower: VectorsFollower) -> None:
    """Step until there is no more to do."""
    while follower.step():
        pass


def test_it_is_filled_and_then_follows(pinecone: PineconeServer, follower: VectorsFollower) -> None:
    publish(*FIRST)
    indexer.entries_stage((article("9", "pas encore publié", version="staged"),))
    follow(follower)
    assert held(pinecone) == live() != set()
    publish(LATER)
    indexer.version_withdraw(FIRST[0].version_id)
    follow(follower)
    assert held(pinecone) == live()
    assert len(live()) == 1
    indexer.version_remove(LATER.version_id)
    follow(follower)
    assert held(pinecone) == set()


def test_vectors_that_come_after_publishing_are_followed(
    pinecone: PineconeServer, follower: VectorsFollower, settings: Any
) -> None:
    publish(*FIRST)
    follow(follower)
    settings.KAURI_EMBEDDER = "none"
    publish(LATER)
    follow(follower)
    settings.KAURI_EMBEDDER = "builtin"
    assert indexer.vectors_fill(10) == 1
    follow(follower)
    assert held(pinecone) == live()
    assert len(live()) == 4


def test_a_filling_that_was_cut_off_goes_on(pinecone: PineconeServer, follower: VectorsFollower) -> None:
    publish(*FIRST)
    assert follower.step()
    position = VectorFollower.objects.get()
    assert (position.is_complete, position.filled_to) == (False, max(live()))
    follower.stop()
    n_before = len(pinecone.asked("/vectors/upsert"))
    again, close = follower_of(pinecone)
    follow(again)
    close()
    assert len(pinecone.asked("/vectors/upsert")) == n_before
    assert VectorFollower.objects.get().is_complete


def test_one_process_writes(pinecone: PineconeServer, follower: VectorsFollower) -> None:
    publish(*FIRST)
    other, close = follower_of(pinecone)
    assert follower.step()
    assert not other.step()
    follower.stop()
    assert other.step()
    close()


def test_another_index_takes_the_place_of_the_one_before(pinecone: PineconeServer, follower: VectorsFollower) -> None:
    publish(*FIRST)
    follow(follower)
    Index.objects.update(embedder="before")
    call_command("rag_reembed", "--model", "builtin", stdout=StringIO())
    follow(follower)
    made = Index.objects.get(state=Index.State.LIVE)
    assert {key for there in pinecone.namespaces.values() for key in there} == {f"{made.pk}-{n}" for n in live()}


def test_a_refusal_leaves_the_position_where_it_was(pinecone: PineconeServer, follower: VectorsFollower) -> None:
    publish(*FIRST)
    follow(follower)
    before = VectorFollower.objects.get().seq
    publish(LATER)
    pinecone.faults = {"/vectors/upsert": [Refused(400, "no")]}
    with pytest.raises(Exception, match="no"):
        follower.step()
    assert VectorFollower.objects.get().seq == before
    follow(follower)
    assert held(pinecone) == live()


def test_rebuild_fills_it_anew(
    pinecone: PineconeServer, follower: VectorsFollower, settings: Any, tmp_path: Path
) -> None:
    settings.KAURI_INDEX_DIR = tmp_path
    publish(*FIRST)
    follow(follower)
    follower.stop()
    namespace = pinecone.namespaces["references"]
    lost = sorted(namespace)[0]
    namespace["77-77"] = namespace.pop(lost)
    out = StringIO()
    call_command("rag_rebuild", stdout=out)
    assert "filled anew." in out.getvalue()
    assert held(pinecone) == live()


async def test_the_engine_searches_it_and_a_published_document_is_found_within_two_seconds(
    pinecone: PineconeServer, tmp_path: Path
) -> None:
    await run_db(publish, *FIRST)
    engine = build_engine(index_dir=tmp_path)
    await engine.warm()
    engine.start()
    try:
        await _until_found(engine, "gérant nommé", "AUSCGIE art. 0", 20.0)
        await run_db(publish, LATER)
        assert await _until_found(engine, "capital social d'un million", "AUSCGIE art. 311", 20.0) < 2.0
        pinecone.faults = {"/query": [Refused(401, "no") for _ in range(9)]}
        result = await engine.search(Question("capital social d'un million", scope()))
        assert result.degraded == ("vectors_unavailable",)
        assert result.passages[0].passage.locator == "AUSCGIE art. 311"
    finally:
        await engine.close()


async def test_while_the_store_is_being_filled_answers_say_so(
    pinecone: PineconeServer, follower: VectorsFollower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.rag.retrieval.legs._INDEX_LOOKUP_S", 0.0)
    monkeypatch.setattr("apps.rag.retrieval.vectorfollower._CHANGES_A_STEP", 2)
    await run_db(publish, *FIRST)
    engine = build_engine(index_dir=tmp_path)
    await engine.warm()
    asked = Question("gérant nommé", scope())
    try:
        assert await run_db(follower.step)  # two of three
        result = await engine.search(asked)
        (dense,) = [ranking for ranking in result.rankings if ranking.leg == "dense"]
        assert (len(dense.hits), result.degraded) == (2, ("vectors_unavailable",))
        await run_db(follow, follower)
        result = await engine.search(asked)
        (dense,) = [ranking for ranking in result.rankings if ranking.leg == "dense"]
        assert (len(dense.hits), result.degraded) == (3, ())
    finally:
        await engine.close()


async def _until_found(engine: Any, text: str, locator: str, within_s: float) -> float:
    started = time.perf_counter()
    while time.perf_counter() - started < within_s:
        result = await engine.search(Question(text, scope()))
        names = {each.passage.entry_id: each.passage.locator for each in result.passages}
        dense = [
            names.get(hit.entry_id) for ranking in result.rankings if ranking.leg == "dense" for hit in ranking.hits
        ]
        words = [
            names.get(hit.entry_id) for ranking in result.rankings if ranking.leg == "bm25" for hit in ranking.hits
        ]
        if locator in dense and locator in words and not result.degraded:
            break
    return time.perf_counter() - started
