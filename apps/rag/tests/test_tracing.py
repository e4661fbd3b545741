"""The stages of an answer in figures and spans: the tree of the architecture paper, over a process border too."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.engine import Engine
from apps.rag.errors import RetrievalUnavailable
from apps.rag.ports import RagEngine
from apps.rag.tests.collector import Collector, Tree, collecting, words_of
from apps.rag.tests.entries import article, scope
from apps.rag.tests.providers import serve
from apps.rag.tests.served import remote
from apps.rag.tracing import SERVICE, SPAN_NAMES, Stage, answer_spanned, stage
from apps.rag.types import AnswerEvent, Finished, Question
from kauri.lib.collector import spans_begin, spans_end
from kauri.lib.db import run_db
from kauri.lib.tracing import is_collected, spanned

ENTRIES = (
    article("311", "Le capital social doit être d'un million (1.000.000) de francs CFA au moins."),
    article("388", "L'assemblée générale est convoquée quinze jours au moins avant sa réunion."),
)
QUESTION = Question("Quel est le capital minimum d'une SARL ?", scope())
PAPER: Tree = {
    "Intent Classification": {},
    "Query Reformulation": {},
    "Generate Embedding": {},
    "Hybrid Search": {"BM25 Search": {}, "Vector Search": {}, "Reranking": {}},
    "LLM Generation": {},
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        spans_begin(running.url)
        try:
            yield running
        finally:
            spans_end()


@pytest.fixture
async def engine(tmp_path: Path, settings: Any) -> AsyncIterator[Engine]:
    settings.KAURI_EMBEDDER = "builtin"
    with serve("good") as server:
        provider = {"name": "loopback", "api_key": "k", "base_url": server.url, "model": "m"}
        settings.KAURI_LLM_PROVIDERS = (provider,)
        await run_db(_index)
        made = build_engine(index_dir=tmp_path, embedder="builtin")
        await made.warm()
        yield made
        await made.close()


def _index() -> None:
    indexer.entries_stage(ENTRIES)
    indexer.entries_embed(ENTRIES[0].version_id)
    indexer.version_publish(ENTRIES[0].version_id)


@pytest.fixture(params=["local", "remote"])
async def either(engine: Engine, request: pytest.FixtureRequest) -> AsyncIterator[RagEngine]:
    if request.param == "local":
        yield engine
        return
    async with remote(engine) as client:
        yield client


def count(name: Stage) -> float:
    """Return how often a stage was measured so far."""
    return REGISTRY.get_sample_value("kauri_rag_stage_seconds_count", {"stage": name}) or 0.0


@pytest.mark.django_db(transaction=True)
async def test_one_question_gives_the_tree_of_the_paper(either: RagEngine, collector: Collector) -> None:
    before = {name: count(name) for name in SPAN_NAMES}
    with spanned("User Request"):
        events = [event async for event in either.answer(QUESTION)]
    assert cast("Finished", events[-1]).mode == "model"
    await asyncio.to_thread(spans_end)
    root = collector.wait_for("User Request")
    assert collector.tree(root) == {SERVICE: PAPER}
    assert {span.trace_id for span in collector.spans} == {root.trace_id}
    assert {name for name in SPAN_NAMES if count(name) <= before[name]} == set()
    assert collector.resources[0]["service.name"] == "kauri"
    assert "service.version" in collector.resources[0]
    assert "kauri.role" in collector.resources[0]
    told = words_of(collector.spans)
    for word in ("capital", "SARL", "million", "article", "AUSCGIE"):
        assert word not in told


@pytest.mark.django_db(transaction=True)
async def test_a_search_alone_generates_nothing(either: RagEngine, collector: Collector) -> None:
    with spanned("User Request"):
        await either.search(QUESTION)
    await asyncio.to_thread(spans_end)
    tree = collector.tree(collector.wait_for("User Request"))
    assert tree == {SERVICE: {name: below for name, below in PAPER.items() if name != "LLM Generation"}}


async def _events(n: int, *, fails: bool = False) -> AsyncGenerator[AnswerEvent, None]:
    with stage("llm_generation", is_current=False):
        for _ in range(n):
            with stage("reranking"):
                await asyncio.sleep(0)
            yield cast("AnswerEvent", None)
        if fails:
            raise RetrievalUnavailable("Une phrase qui reste chez nous.")


async def test_a_consumers_own_spans_do_not_fall_into_the_engines(collector: Collector) -> None:
    with spanned("User Request"):
        async for _ in answer_spanned(_events(2)):
            with spanned("of the consumer"):
                pass
    spans_end()
    tree = collector.tree(collector.wait_for("User Request"))
    assert tree == {SERVICE: {"LLM Generation": {}, "Reranking": {}}, "of the consumer": {}}


async def test_an_answer_closed_by_another_task_ends_its_spans_without_complaint(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    events = answer_spanned(_events(5))
    await asyncio.create_task(anext(events))

    async def close() -> None:
        async with aclosing(events):
            pass

    await asyncio.create_task(close())
    spans_end()
    assert collector.wait_for("LLM Generation").end_time_unix_nano
    assert collector.wait_for(SERVICE).end_time_unix_nano
    assert [record for record in caplog.records if "detach" in record.message] == []


async def test_a_failure_is_named_by_its_class_alone(collector: Collector) -> None:
    with pytest.raises(RetrievalUnavailable):
        _ = [event async for event in answer_spanned(_events(1, fails=True))]
    spans_end()
    span = collector.wait_for(SERVICE)
    assert {each.key: each.value.string_value for each in span.attributes} == {"error.type": "RetrievalUnavailable"}
    assert "phrase" not in words_of(collector.spans)


def test_a_stage_in_a_thread_lies_under_who_called_it(collector: Collector) -> None:
    async def ask() -> None:
        with spanned("User Request"):
            await asyncio.gather(*(asyncio.to_thread(_stage) for _ in range(3)))

    asyncio.run(ask())
    spans_end()
    assert collector.tree(collector.wait_for("User Request")) == {"Reranking": {}}
    assert len(collector.named("Reranking")) == 3


def _stage() -> None:
    with stage("reranking"):
        pass


def test_without_a_collector_a_stage_costs_next_to_nothing() -> None:
    assert not is_collected()
    n = 20_000
    costs = []
    for _ in range(5):
        began = time.thread_time()
        for _ in range(n):
            _stage()
        costs.append((time.thread_time() - began) / n)
    assert min(costs) < 2e-5  # 1.7 microseconds on an idle core; the tests' cores are shared


def test_a_collector_that_is_away_costs_one_line(caplog: pytest.LogCaptureFixture) -> None:
    spans_begin("http://127.0.0.1:1")
    try:
        n = 5_000
        began = time.perf_counter()
        for _ in range(n):
            _stage()
        assert (time.perf_counter() - began) / n < 1e-3
        deadline = time.monotonic() + 8
        while "takes no spans" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        began = time.perf_counter()
        spans_end()
        assert time.perf_counter() - began < 3
    seen = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.message for record in seen if record.name.startswith("kauri")] == ["the collector takes no spans"]
    shown = [record for record in seen if logging.getLogger(record.name).isEnabledFor(record.levelno)]
    assert [record.name for record in shown if record.name.startswith("opentelemetry")] == []
