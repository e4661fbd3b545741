"""What every RagEngine promises, over the one of this process and over gRPC: the same, word for word."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.engine import Engine
from apps.rag.errors import EmbedderFailed, RetrievalUnavailable
from apps.rag.ports import Embedded, RagEngine
from apps.rag.tests.entries import account, article, scope
from apps.rag.tests.served import remote
from apps.rag.types import (
    AnswerEvent,
    CitationAdded,
    Finished,
    Overrides,
    Question,
    Refused,
    Retrieved,
    Searching,
    SearchResult,
    TextDelta,
)
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

ENTRIES = (
    article("311", "Le capital social doit être d'un million (1.000.000) de francs CFA au moins."),
    article("121", "À l'égard des tiers, les organes de gestion ont tout pouvoir pour engager la société."),
    article("388", "L'assemblée générale est convoquée quinze jours au moins avant sa réunion."),
    account("401", "FOURNISSEURS, DETTES EN COMPTE"),
)
QUESTIONS = (
    Question("Quel est le capital minimum d'une SARL ?", scope()),
    Question("À quoi correspond le compte 401 ?", scope()),
    Question("article 999 de l'AUSCGIE", scope()),
    Question("Quelle est la recette du ndolé ?", scope()),
    Question("Bonjour !", scope()),
    Question("What is the minimum capital of a SARL?", scope(), language="en"),
    Question("et en francs ?", scope(), ("Quel est le capital minimum d'une SARL ?",)),
    Question("art 311 auscgie", scope(namespaces=())),
    Question("capital social", scope(), overrides=Overrides(legs=("bm25",), n_passages=1)),
)


class Watched:
    """An engine that counts the answers it is at work on, and may be told to fail or to linger."""

    def __init__(self, inner: Engine) -> None:
        self.inner = inner
        self.n_working = 0
        self.lingers = False
        self.failure: Exception | None = None

    is_warm = property(lambda self: self.inner.is_warm)
    revision = property(lambda self: self.inner.revision)

    async def warm(self) -> None:
        await self.inner.warm()

    def start(self) -> None:
        self.inner.start()

    async def close(self) -> None:
        await self.inner.close()

    async def search(self, question: Question) -> SearchResult:
        if self.failure:
            raise self.failure
        return await self.inner.search(question)

    async def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        self.n_working += 1
        try:
            async for event in self.inner.answer(question):
                yield event
                if self.failure:
                    raise self.failure
                if self.lingers:
                    await asyncio.sleep(60)
        finally:
            self.n_working -= 1

    async def embed(self, texts: Sequence[str]) -> Embedded:
        if self.failure:
            raise self.failure
        return await self.inner.embed(texts)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Watched]:
    await run_db(indexer.entries_stage, ENTRIES)
    for version_id in {each.version_id for each in ENTRIES}:
        await run_db(indexer.version_publish, version_id)
    engine = build_engine(index_dir=tmp_path, embedder="builtin")
    await engine.warm()
    yield Watched(engine)
    await engine.close()


@pytest.fixture(params=["local", "remote"])
async def engine(local: Watched, request: pytest.FixtureRequest) -> AsyncIterator[RagEngine]:
    if request.param == "local":
        yield local
        return
    async with remote(local) as client:
        yield client


async def told(engine: RagEngine, question: Question) -> list[AnswerEvent]:
    """Return an answer's events, without what no two answers share: times."""
    return [_timeless(event) async for event in engine.answer(question)]


def _timeless(event: AnswerEvent) -> AnswerEvent:
    return Retrieved(_without_times(event.result)) if isinstance(event, Retrieved) else event


def _without_times(result: SearchResult) -> SearchResult:
    rankings = tuple(replace(ranking, elapsed_ms=0.0) for ranking in result.rankings)
    return replace(result, rankings=rankings, timings_ms=tuple((name, 0.0) for name, _ms in result.timings_ms))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.text[:24])
async def test_it_answers_as_the_engine_itself(engine: RagEngine, local: Watched, question: Question) -> None:
    assert await told(engine, question) == await told(local.inner, question)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.text[:24])
async def test_it_finds_what_the_engine_itself_finds(engine: RagEngine, local: Watched, question: Question) -> None:
    found, meant = await engine.search(question), await local.inner.search(question)
    assert _without_times(found) == _without_times(meant)
    assert [name for name, _ms in found.timings_ms] == [name for name, _ms in meant.timings_ms]


async def test_an_answer_goes_from_searching_to_finished(engine: RagEngine) -> None:
    events = [event async for event in engine.answer(QUESTIONS[0])]
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Searching, Retrieved]
    assert kinds[-1] is Finished
    assert kinds.count(Finished) == 1
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    for event in events:
        if isinstance(event, CitationAdded):
            citation = event.citation
            assert text[citation.start_index : citation.end_index] == f"[{citation.marker}]"
            assert citation.quote in citation.passage.text
    assert CitationAdded in kinds


async def test_a_refusal_names_the_same_neighbours(engine: RagEngine) -> None:
    refused = [event async for event in engine.answer(QUESTIONS[2]) if isinstance(event, Refused)]
    assert [each.reason for each in refused] == ["reference_not_found"]


async def test_it_says_how_it_is(engine: RagEngine, local: Watched) -> None:
    async with asyncio.timeout(10):
        while not local.is_warm:
            await asyncio.sleep(0.05)
    await engine.warm()
    assert engine.is_warm
    assert engine.revision == local.revision > 0


async def test_vectors_are_the_same(engine: RagEngine, local: Watched) -> None:
    texts = ["compte 401", "capital social", "é"]
    made = await engine.embed(texts)
    assert made.vectors.dtype == np.float32
    assert np.array_equal(made.vectors, (await local.inner.embed(texts)).vectors)
    assert len(made.vectors) == 3
    assert (made.model, made.revision) == ("use-multilingual-3", "1")


@pytest.mark.parametrize("kind", [RetrievalUnavailable, EmbedderFailed])
async def test_a_failure_has_the_same_name(engine: RagEngine, local: Watched, kind: type[Exception]) -> None:
    local.failure = kind("Une phrase à moi.")
    with pytest.raises(kind) as caught:
        await engine.embed(["un texte"])
    assert type(caught.value) is kind
    assert str(caught.value) == "Une phrase à moi."
    with pytest.raises(kind):
        await engine.search(QUESTIONS[0])


async def test_a_failure_in_mid_answer_comes_after_what_was_said(engine: RagEngine, local: Watched) -> None:
    local.failure = RetrievalUnavailable()
    events = cast("AsyncGenerator[AnswerEvent, None]", engine.answer(QUESTIONS[0]))
    assert type(await anext(events)) is Searching
    with pytest.raises(RetrievalUnavailable) as caught:
        await anext(events)
    assert not caught.value.permanent


async def _until_idle(local: Watched) -> None:
    async with asyncio.timeout(5):
        while local.n_working:
            await asyncio.sleep(0.01)
            gc.collect()


async def test_who_stops_listening_stops_the_work(engine: RagEngine, local: Watched) -> None:
    local.lingers = True
    answers = [cast("AsyncGenerator[AnswerEvent, None]", engine.answer(QUESTIONS[0])) for _ in range(5)]
    for events in answers:
        await anext(events)
    assert local.n_working == 5
    for events in answers:
        async with aclosing(events):
            pass
    await _until_idle(local)


async def test_a_cancelled_task_stops_the_work(engine: RagEngine, local: Watched) -> None:
    local.lingers = True
    task = asyncio.create_task(told(engine, QUESTIONS[0]))
    async with asyncio.timeout(5):
        while not local.n_working:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _until_idle(local)


async def test_many_at_once_do_not_mix(engine: RagEngine) -> None:
    answers = await asyncio.gather(*(told(engine, question) for question in QUESTIONS * 3))
    for n, question in enumerate(QUESTIONS):
        assert answers[n] == answers[n + len(QUESTIONS)] == answers[n + 2 * len(QUESTIONS)], question.text
