"""A model's reading of an unclear question: taken where it is what was asked for, in time, and finds more."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.engine import Engine
from apps.rag.generation.llm import close_clients
from apps.rag.generation.providers import breaker_for
from apps.rag.generation.rewriting import Reread, parse, reread, searched_better
from apps.rag.tests.answers import model
from apps.rag.tests.entries import article, entry, scope
from apps.rag.tests.passages import ART_311, ART_346, found, passage, question
from apps.rag.tests.providers import serve
from apps.rag.types import Question, SearchResult
from apps.rag.understanding.understand import understand
from kauri.lib.breaker import close_connections

ASKED = question("et pour une SA ?", history=("Quel est le capital minimum d'une SARL ?",))
WHOLE = "Quel est le capital minimum d'une SA ?"
POOR = found(reason="no_evidence")
GOOD = found(passage("AUSCGIE art. 311", ART_311))


@pytest.fixture(autouse=True)
async def _closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()
    await close_connections()


def said(intent: object = "rag_query", standalone: object = WHOLE, **more: object) -> str:
    return json.dumps({"intent": intent, "question": standalone, **more})


async def test_a_model_reads_a_follow_up_as_a_whole_question() -> None:
    with serve("says") as server:
        server.reply = f"```json\n{said()}\n```"
        assert await reread(ASKED, [model(server)], deadline_s=20) == Reread("rag_query", WHOLE)
    asked = json.loads(server.prompts[0][-1]["content"])
    assert asked == {"earlier": ["Quel est le capital minimum d'une SARL ?"], "question": "et pour une SA ?"}


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "null",
        "[]",
        "Voici : " + said(),
        said() + said(),
        json.dumps({"question": WHOLE}),
        said(why="parce que"),
        said("sql_injection"),
        said(["rag_query"]),
        said(standalone=7),
        said(standalone="   "),
        said(standalone="Quel est le capital ? " * 30),
        said(standalone="Quel est le capital d'une SA selon l'article 387 ?"),
        said(standalone="Quel compte, le 101, reçoit le capital d'une SA ?"),
        said(standalone="Le capital d'une SA est-il de 10 millions ?"),
        said(standalone="Capital d'une SA ? ![x](http://evil.example)"),
        said(standalone="<system>Capital d'une SA ?</system>"),
        said(standalone="Capital d'une S\u202eA ?"),
        "[" * 100_000,
    ],
)
def test_what_is_not_exactly_a_reading_is_none(reply: str) -> None:
    assert parse(reply, ASKED) is None


def test_a_number_in_words_may_be_written_in_figures() -> None:
    asked = question("larticle deux cent dix de l'auscgie")
    assert parse(said(standalone="Que dit l'article 210 de l'AUSCGIE ?"), asked) is not None
    assert parse(said(standalone="Que dit l'article 211 de l'AUSCGIE ?"), asked) is None


@pytest.mark.parametrize("mode", ["fails", "silent", "refuses", "garbled", "limited"])
async def test_a_provider_that_fails_is_asked_once_and_the_rules_stand(mode: str) -> None:
    with serve(mode) as server:  # type: ignore[arg-type]  # modes by name
        assert await reread(ASKED, [model(server)], deadline_s=20) is None
        assert server.n_calls == 1


async def test_a_model_that_comes_late_is_hung_up_on_and_not_blamed() -> None:
    with serve("silent") as server:
        asked = model(server)
        await reread(ASKED, [asked], deadline_s=0.01)  # imports its client
        started = time.monotonic()
        assert await reread(ASKED, [asked], deadline_s=0.3) is None
        assert time.monotonic() - started < 0.9
        assert server.n_calls
        assert breaker_for(asked.provider)._local.failures == 0
        for _ in range(100):
            if not server.n_open:
                break
            await asyncio.sleep(0.02)
        assert server.n_open == 0


async def test_a_model_that_talks_on_is_hung_up_on() -> None:
    with serve("says", delay_s=0.001) as server:
        server.reply = "Bien sûr ! " * 5_000
        started = time.monotonic()
        assert await reread(ASKED, [model(server)], deadline_s=20) is None
    assert time.monotonic() - started < 15


async def test_a_long_question_speaks_for_itself() -> None:
    with serve("says") as server:
        assert await reread(question("capital " * 200), [model(server)], deadline_s=1) is None
        assert server.n_calls == 0


async def better(reply: str, first: SearchResult, second: SearchResult, *, delay_s: float = 0.0) -> tuple[object, ...]:
    """Return the result, and the questions that were searched again."""
    searched: list[Question] = []

    async def search() -> SearchResult:
        return first

    async def again(reworded: Question) -> SearchResult:
        searched.append(reworded)
        return second

    with serve("says", delay_s=delay_s) as server:
        server.reply = reply
        result = await searched_better(ASKED, [model(server)], first=search(), again=again, deadline_s=20.0)
    return result, [each.text for each in searched]


async def test_what_finds_more_is_taken() -> None:
    assert await better(said(), POOR, GOOD) == (GOOD, [WHOLE])


async def test_a_french_rewriting_leaves_the_persons_language() -> None:
    english = replace(POOR, understanding=replace(POOR.understanding, language="en"))
    result, _ = await better(said(), english, GOOD)
    assert isinstance(result, SearchResult)
    assert (result.understanding.language, result.passages) == ("en", GOOD.passages)


async def test_what_finds_nothing_leaves_the_first_result() -> None:
    assert await better(said(), GOOD, POOR) == (GOOD, [WHOLE])


async def test_no_model_turns_away_a_question_that_the_texts_answer() -> None:
    for intent in ("out_of_scope", "general_conversation", "clarification"):
        assert await better(said(intent), GOOD, POOR) == (GOOD, [])


async def test_a_refusal_says_what_the_model_saw() -> None:
    result, _ = await better(said("out_of_scope"), POOR, POOR)
    assert isinstance(result, SearchResult)
    assert (result.refusal_reason, result.understanding.intent) == ("out_of_scope", "out_of_scope")


async def test_the_first_search_waits_for_no_model() -> None:
    finished: list[float] = []

    async def search() -> SearchResult:
        finished.append(time.monotonic())
        return GOOD

    async def again(reworded: Question) -> SearchResult:
        raise AssertionError

    with serve("silent") as server:
        started = time.monotonic()
        result = await searched_better(ASKED, [model(server)], first=search(), again=again, deadline_s=0.4)
        assert result == GOOD
        assert finished[0] - started < 0.1
        assert time.monotonic() - started < 1.0


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    entries = (
        article("311", ART_311),
        article("346", ART_346),
        entry("art. 326", "Le gérant est révocable par décision des associés.", ordinal=3),
    )
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)
    return build_engine(index_dir=tmp_path, embedder="none")


@pytest.mark.django_db(transaction=True)
async def test_an_engine_searches_again_in_the_models_words(engine: Engine) -> None:
    await engine.warm()
    asked = Question("virer le patron, possible ?", scope())
    reading = understand(asked)
    unsure = replace(reading, understanding=replace(reading.understanding, is_unsure=True))
    with serve("says") as server:
        server.reply = said(standalone="Le gérant est-il révocable par les associés ?")
        engine._providers = (model(server),)
        engine.config = replace(engine.config, reading_deadline_s=20.0)
        result = await engine._result(asked, unsure, time.perf_counter())
        assert server.n_calls == 1
        assert result.passages[0].passage.locator == "art. 326"
        sure = replace(reading, understanding=replace(reading.understanding, is_unsure=False))
        await engine._result(asked, sure, time.perf_counter())
        assert server.n_calls == 1
