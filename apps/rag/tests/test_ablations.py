"""Each thing that an answer leans on, really taken away: the answer still comes, and says what it lacks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.fixtures import Settings

from apps.rag import indexer
from apps.rag.build import build_engine, with_cache
from apps.rag.config import RagConfig
from apps.rag.embedding import entries_embed_missing
from apps.rag.engine import Engine
from apps.rag.generation.llm import close_clients
from apps.rag.models import IndexEntry
from apps.rag.ports import RagEngine
from apps.rag.rerankers.stage import RerankStage
from apps.rag.tests.answers import model
from apps.rag.tests.entries import article, scope
from apps.rag.tests.passages import ART_311, ART_346
from apps.rag.tests.providers import Mode, ProviderServer, serve
from apps.rag.types import (
    AnswerEvent,
    CitationAdded,
    Finished,
    Passage,
    Question,
    Refused,
    Restarted,
    TextDelta,
)
from kauri.launcher.valkey import EmbeddedValkey
from kauri.lib.breaker import close_connections
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

SARL = ("Société à responsabilité limitée", "Capital social")
ASKED = "Quel est le capital minimum d'une SARL ?"


@pytest.fixture(autouse=True)
async def _closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()
    await close_connections()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Return an engine with the built-in embedder over three articles, published and embedded."""
    entries = (
        article("311", ART_311, heading_path=SARL),
        article("346", ART_346, heading_path=SARL[:1], ordinal=1),
        article("121", "À l'égard des tiers, les organes de gestion ont tout pouvoir.", ordinal=2),
    )
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)
    entries_embed_missing(IndexEntry.objects.all())
    return build_engine(index_dir=tmp_path, embedder="builtin")


@pytest.fixture
def good() -> Iterator[ProviderServer]:
    with serve("good") as server:
        yield server


async def ask(engine: RagEngine, text: str = ASKED) -> tuple[str, Finished, list[AnswerEvent]]:
    """Return the text that stands at the end, how it ended, and all events."""
    events = [event async for event in engine.answer(Question(text, scope()))]
    since = max((i for i, event in enumerate(events) if isinstance(event, Restarted)), default=-1)
    text = "".join(event.text for event in events[since + 1 :] if isinstance(event, TextDelta))
    assert isinstance(events[-1], Finished)
    assert text or any(isinstance(event, Refused) for event in events)
    if text:
        assert any(isinstance(event, CitationAdded) for event in events)
        assert "million" in text
    return text, events[-1], events


async def warmed(engine: Engine, *servers: ProviderServer) -> Engine:
    engine._providers = tuple(model(server, f"n{i}") for i, server in enumerate(servers))
    await engine.warm()
    for _ in range(600):
        if engine.is_warm:
            return engine
        await asyncio.sleep(0.05)
    raise AssertionError("the built-in model does not load")


async def test_with_everything_nothing_is_missing(engine: Engine, good: ProviderServer) -> None:
    _, finished, _ = await ask(await warmed(engine, good))
    assert (finished.mode, finished.degraded) == ("model", ())


async def test_without_the_vectors_table_the_words_answer_and_the_log_says_it_once(
    engine: Engine, good: ProviderServer, caplog: pytest.LogCaptureFixture
) -> None:
    await warmed(engine, good)

    def take_away() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE rag_embedding RENAME TO rag_embedding_gone")

    def bring_back() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE rag_embedding_gone RENAME TO rag_embedding")

    await run_db(take_away)
    try:
        ends = [(await ask(engine))[1] for _ in range(2)]
    finally:
        await run_db(bring_back)
    assert [(end.mode, end.degraded) for end in ends] == [("model", ("vectors_unavailable",))] * 2
    assert [record.message for record in caplog.records].count("the vectors do not answer") == 1


async def test_without_the_vectors_of_sentences_the_others_answer(engine: Engine, good: ProviderServer) -> None:
    await warmed(engine, good)

    def rename(before: str, after: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE rag_embedding RENAME COLUMN {before} TO {after}")

    await run_db(rename, "sentence_vectors", "gone")
    try:
        _, finished, _ = await ask(engine)
    finally:
        await run_db(rename, "gone", "sentence_vectors")
    assert (finished.mode, finished.degraded) == ("model", ("vectors_unavailable",))


async def test_with_no_vector_left_the_words_answer(engine: Engine, good: ProviderServer) -> None:
    await warmed(engine, good)

    def empty() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM rag_embedding")

    await run_db(empty)
    _, finished, _ = await ask(engine)
    assert (finished.mode, finished.degraded) == ("model", ("vectors_unavailable",))


class Hanging:
    """A reranking model that never comes to an end."""

    name = "hanging"

    def load(self) -> None:
        """There is nothing to load."""

    def score(self, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        """Take longer than anybody waits."""
        time.sleep(3)
        return [0.0] * len(passages)


async def test_with_a_reranker_that_hangs_the_fused_order_answers(engine: Engine, good: ProviderServer) -> None:
    await warmed(engine, good)
    engine._searcher.rerank = RerankStage(Hanging(), deadline_s=0.2)
    engine._searcher.rerank.load()
    started = time.monotonic()
    _, finished, _ = await ask(engine)
    assert time.monotonic() - started < 2.5
    assert (finished.mode, finished.degraded) == ("model", ("rerank_unavailable",))


@pytest.mark.parametrize("mode", ["fails", "silent", "refuses", "limited", "stalls", "garbled", "empty"])
async def test_without_the_first_provider_the_second_answers(engine: Engine, good: ProviderServer, mode: Mode) -> None:
    with serve(mode) as first:
        text, finished, _ = await ask(await warmed(engine, first, good))
    assert (finished.mode, finished.model, finished.degraded) == ("model", "n1-model", ())
    assert text.startswith("Le texte dispose")


async def test_without_a_server_at_either_address_the_texts_are_quoted(engine: Engine) -> None:
    with serve("good") as first, serve("good") as second:
        await warmed(engine, first, second)
    text, finished, _ = await ask(engine)
    assert (finished.mode, finished.degraded) == ("extractive", ("model_unavailable",))
    assert text.startswith("Selon l’AUSCGIE, art. 311")


@pytest.fixture
def valkeys(tmp_path: Path) -> Iterator[tuple[EmbeddedValkey, EmbeddedValkey]]:
    """Start a Valkey for the cache and one for the state, which a test may stop."""
    servers = (EmbeddedValkey(tmp_path, "cache"), EmbeddedValkey(tmp_path, "state"))
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


async def test_without_valkey_the_engine_answers(
    engine: Engine, good: ProviderServer, valkeys: tuple[EmbeddedValkey, EmbeddedValkey], settings: Settings
) -> None:
    cache, state = valkeys
    settings.REDIS_CACHE_URL, settings.REDIS_STATE_URL = cache.url, state.url
    settings.CACHES = {**settings.CACHES, "vectors": {**settings.CACHES["vectors"], "LOCATION": cache.url}}
    await warmed(engine, good)
    kept = with_cache(engine)
    _, finished, _ = await ask(kept)
    assert (finished.mode, finished.degraded) == ("model", ())
    cache.stop()
    state.stop()
    started = time.monotonic()
    _, finished, _ = await ask(kept, "Quel capital minimum pour une SARL ?")
    assert time.monotonic() - started < 6
    assert (finished.mode, finished.degraded) == ("model", ("cache_unavailable",))
    _, finished, _ = await ask(engine, "Quel capital minimum pour une SARL ?")
    assert finished.mode == "model"


async def test_a_question_without_an_answer_is_refused_whatever_is_missing(engine: Engine) -> None:
    with serve("fails") as server:
        await warmed(engine, server)
        _, finished, events = await ask(engine, "Comment dresser un cheval de course ?")
        assert server.n_calls <= 1  # of a reading of the question; no answer was asked for
    assert finished.mode == "refusal"
    assert any(isinstance(event, Refused) for event in events)


def test_the_defaults_are_those_of_the_design() -> None:
    assert RagConfig().reading_deadline_s == 1.5
    assert settings.KAURI_LLM_CONNECT_TIMEOUT_S == 2
    assert settings.KAURI_LLM_FIRST_TOKEN_TIMEOUT_S == 6
    assert settings.KAURI_LLM_GAP_TIMEOUT_S == 15
    assert settings.KAURI_LLM_TOTAL_TIMEOUT_S == 60
