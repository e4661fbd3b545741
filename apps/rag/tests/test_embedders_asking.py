"""Vectors of questions: nobody waits long for a model or an endpoint, and the answer says what it lacks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from apps.rag.build import build_engine
from apps.rag.config import RagConfig
from apps.rag.embedders.asking import QuestionVectors
from apps.rag.embedders.remote import Endpoint, RemoteEmbedder
from apps.rag.errors import EmbedderFailed
from apps.rag.ports import Vectors
from apps.rag.tests.endpoints import DIMENSION, serve_embeddings
from apps.rag.tests.entries import article, scope
from apps.rag.tests.test_embedders_cache import CountingEmbedder
from apps.rag.tests.test_engine import locators, publish
from apps.rag.types import Question

QUICK = RagConfig(embed_deadline_s=0.3, embed_load_s=1.0, embed_pause_s=0.4)


class SlowEmbedder(CountingEmbedder):
    """Takes its time, or fails."""

    delay_s = 0.0
    is_broken = False

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Sleep, then count."""
        time.sleep(self.delay_s)
        if self.is_broken:
            raise EmbedderFailed
        return super().embed(texts)


@pytest.fixture
def slow() -> SlowEmbedder:
    cache.clear()
    return SlowEmbedder()


async def test_a_question_asked_again_is_not_computed_again(slow: SlowEmbedder) -> None:
    asking = QuestionVectors(slow, QUICK)
    first = await asking.vector("a")
    cache.clear()
    assert (await asking.vector("a") == first).all()
    assert slow.batches == [["a"]]


async def test_only_the_last_questions_are_kept(slow: SlowEmbedder) -> None:
    asking = QuestionVectors(slow, RagConfig(query_cache_entries=2))
    for text in ("a", "b", "a", "c"):
        await asking.vector(text)
    cache.clear()
    for text in ("a", "c", "b"):
        await asking.vector(text)
    assert slow.batches == [["a"], ["b"], ["c"], ["b"]]


async def test_a_model_that_still_loads_is_waited_for_longer_than_one_that_has_answered(slow: SlowEmbedder) -> None:
    asking = QuestionVectors(slow, QUICK)
    slow.delay_s = 0.6
    await asking.vector("a")
    with pytest.raises(EmbedderFailed):
        await asking.vector("b")


async def test_after_a_failure_questions_do_without_for_a_while_and_then_try_again(slow: SlowEmbedder) -> None:
    asking = QuestionVectors(slow, QUICK)
    slow.is_broken = True
    with pytest.raises(EmbedderFailed):
        await asking.vector("a")
    slow.is_broken = False
    with pytest.raises(EmbedderFailed):
        await asking.vector("b")
    await asyncio.sleep(0.45)
    await asking.vector("b")


async def test_two_hundred_questions_to_a_hanging_endpoint_cost_no_threads_and_little_time() -> None:
    with (
        serve_embeddings("hangs") as server,
        closing(RemoteEmbedder(Endpoint(server.url, "hanging", DIMENSION, total_s=2.0))) as remote,
    ):
        asking = QuestionVectors(remote, RagConfig(embed_deadline_s=0.3, embed_load_s=0.3))
        n_threads = threading.active_count()
        started_s = time.monotonic()
        outcomes = await asyncio.gather(*(asking.vector(f"q{n}") for n in range(200)), return_exceptions=True)
        assert time.monotonic() - started_s < 1.5
        assert all(isinstance(outcome, EmbedderFailed) for outcome in outcomes)
        # two that ask, two of the server's that hold the connections, and the one that runs it
        assert threading.active_count() <= n_threads + 5
        server.released.set()
        # what still asks would open what is closed below
        await asyncio.to_thread(asking._pool.shutdown)


@pytest.mark.django_db(transaction=True)
class TestAnEngine:
    """With an endpoint that fails while people ask."""

    @pytest.fixture
    def published(self) -> None:
        publish(
            article("1", "Le gérant de la société est nommé par les associés dans les statuts."),
            article("2", "Le capital social est divisé en parts sociales égales."),
        )

    async def test_answers_by_words_and_says_so(self, published: None, settings: Any, tmp_path: Path) -> None:
        with serve_embeddings("fails") as server:
            settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "remote", "failing"
            settings.KAURI_EMBEDDER_BASE_URL, settings.KAURI_EMBEDDER_DIMENSION = server.url, DIMENSION
            engine = build_engine(index_dir=tmp_path)
            await engine.warm()
            result = await engine.search(Question("Par qui le gérant est-il nommé ?", scope()))
        assert locators(result)[0] == "AUSCGIE art. 1"
        assert result.degraded == ("vectors_unavailable",)

    async def test_texts_that_take_for_ever_leave_the_search_its_threads(self, published: None, tmp_path: Path) -> None:
        engine = build_engine(index_dir=tmp_path, embedder="none")
        await engine.warm()
        released = threading.Event()

        class HangingEmbedder(CountingEmbedder):
            """Gives vectors once it is released."""

            def embed(self, texts: Sequence[str]) -> Vectors:
                released.wait(30)
                return super().embed(texts)

        engine._embedder = HangingEmbedder()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=2))
        waiting = [asyncio.create_task(engine.embed([f"texte {number}"])) for number in range(4)]
        await asyncio.sleep(0.1)
        try:
            async with asyncio.timeout(20):
                result = await engine.search(Question("Par qui le gérant est-il nommé ?", scope()))
        finally:
            released.set()
            made = await asyncio.gather(*waiting)
        assert locators(result)[0] == "AUSCGIE art. 1"
        assert [each.vectors.shape for each in made] == [(1, DIMENSION)] * 4
