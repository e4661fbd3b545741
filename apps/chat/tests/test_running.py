"""One turn of this process, over a real Valkey: what is released when."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

import pytest
from django.conf import settings

from apps.chat import running, turns
from apps.chat.ledger import Outcome
from apps.chat.running import RunningTurn
from apps.chat.types import BegunTurn, Filters, TurnWork
from apps.rag.types import AnswerEvent, Finished, Question, Scope, Searching, TextDelta, Understanding, Usage
from kauri.lib.ids import uuid7
from kauri.lib.turnhub import TurnHub
from kauri.lib.turnlog import Entry, TurnLog

TODAY = date(2026, 11, 22)
QUESTION = Question("Combien ?", Scope(("references",), (), TODAY))


async def _nothing_saved(_turn_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Entry]]:
    return {}


@pytest.fixture
async def log() -> AsyncIterator[TurnLog]:
    async with TurnLog(settings.REDIS_STATE_URL) as opened:
        yield opened


@pytest.fixture
async def hub(log: TurnLog) -> AsyncIterator[TurnHub]:
    opened = TurnHub(settings.REDIS_STATE_URL, log, _nothing_saved)
    opened.start()
    yield opened
    await opened.close()


def begun() -> BegunTurn:
    filters = Filters((), None, TODAY, "fr")
    return BegunTurn(TurnWork(uuid7(), 1, uuid7(), uuid7(), uuid7(), QUESTION.text, (), filters), QUESTION)


def engine_with_pauses(*pauses_s: float) -> running.Engine:
    """Return an engine that pauses before each event of its answer."""
    events: tuple[AnswerEvent, ...] = (
        Searching(Understanding("rag_query", (), QUESTION.text, ())),
        TextDelta("Dix. "),
        TextDelta("Et cinq."),
        Finished(mode="extractive", provider="", model="", usage=Usage(0, 0), degraded=()),
    )

    async def answer(_question: Question) -> AsyncIterator[AnswerEvent]:
        for pause_s, event in zip(pauses_s, events, strict=True):
            await asyncio.sleep(pause_s)
            yield event

    return answer


def endless(was_left: asyncio.Event) -> running.Engine:
    """Return an engine that says nothing for a minute, and tells when it is left."""

    async def answer(_question: Question) -> AsyncIterator[AnswerEvent]:
        try:
            await asyncio.sleep(60)
            yield TextDelta("Trop tard.")
        finally:
            was_left.set()

    return answer


async def test_the_end_is_told_only_once_it_is_saved(
    hub: TurnHub, log: TurnLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn, at_save = begun(), list[str]()

    async def save(outcome: Outcome) -> None:
        await asyncio.sleep(3 * running._FIRST_WITHIN_S)
        at_save.extend(entry.event for entry in await log.read(turn.work.turn_id, 0))
        assert outcome.transcript.entries[-1].is_terminal

    monkeypatch.setattr(running, "save", save)
    hub.begin(turn.work.turn_id)
    run = RunningTurn(turn.work.turn_id, owner="here", engine=engine_with_pauses(0, 0, 0, 0), log=log, hub=hub)
    run.saved()
    await run.run(turn)
    texts = "response.output_text.delta"
    assert at_save == ["response.created", "kauri.retrieval.searching", texts, texts]
    kept = [entry.event for entry in await log.read(turn.work.turn_id, 0)]
    assert kept == [*at_save, "response.completed"]


async def test_a_reader_here_hears_each_event_as_it_comes(
    hub: TurnHub, log: TurnLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def save(_outcome: Outcome) -> None:
        """Nothing is kept of it."""

    monkeypatch.setattr(running, "save", save)
    turn = begun()
    hub.begin(turn.work.turn_id)
    listener = hub.listen(turn.work.turn_id, 0)
    engine = engine_with_pauses(0.15, 0.15, 0.15, 0.15)
    run = RunningTurn(turn.work.turn_id, owner="here", engine=engine, log=log, hub=hub)
    run.saved()
    running_task = asyncio.create_task(run.run(turn))
    batches = []
    async with asyncio.timeout(3):
        while batch := await listener.next():
            batches.append([entry.seq for entry in batch])
    await running_task
    assert batches == [[1], [2], [3], [4], [5]]


@pytest.mark.parametrize("is_log_slow", [False, True])
async def test_saving_begins_once_the_last_words_are_told_but_waits_for_no_slow_log(
    hub: TurnHub, log: TurnLog, monkeypatch: pytest.MonkeyPatch, *, is_log_slow: bool
) -> None:
    turn, heard, append = begun(), list[int](), log.append

    async def save(outcome: Outcome) -> None:
        heard.append(listener.last)
        assert len(outcome.transcript.entries) == 5

    async def slow_append(turn_id: UUID, fence: int, entries: Sequence[Entry]) -> None:
        await asyncio.sleep(10 * running._LAST_WITHIN_S if is_log_slow else 0)
        await append(turn_id, fence, entries)

    monkeypatch.setattr(running, "save", save)
    monkeypatch.setattr(log, "append", slow_append)
    hub.begin(turn.work.turn_id)
    listener = hub.listen(turn.work.turn_id, 0)
    await hub.catch_up(listener)
    run = RunningTurn(turn.work.turn_id, owner="here", engine=engine_with_pauses(0, 0, 0, 0), log=log, hub=hub)
    run.saved()
    await run.run(turn)
    assert heard == [0 if is_log_slow else 4]
    kept = [entry.seq for entry in await log.read(turn.work.turn_id, 0)]
    assert kept == [1, 2, 3, 4, 5]


async def _run_begun(
    hub: TurnHub, log: TurnLog, monkeypatch: pytest.MonkeyPatch
) -> tuple[RunningTurn, asyncio.Task[None], list[Outcome]]:
    """Begin a turn whose question is still being saved; return it once its engine has said everything."""
    outcomes: list[Outcome] = []
    has_answered = asyncio.Event()

    async def save(outcome: Outcome) -> None:
        outcomes.append(outcome)

    async def engine(question: Question) -> AsyncIterator[AnswerEvent]:
        async for event in engine_with_pauses(0, 0, 0, 0)(question):
            yield event
        has_answered.set()

    monkeypatch.setattr(running, "save", save)
    turn = begun()
    hub.begin(turn.work.turn_id)
    run = RunningTurn(turn.work.turn_id, owner="here", engine=engine, log=log, hub=hub)
    task = asyncio.create_task(run.run(turn))
    async with asyncio.timeout(3):
        await has_answered.wait()
    await asyncio.sleep(2 * running._FIRST_WITHIN_S)
    return run, task, outcomes


async def test_nothing_is_told_before_the_question_is_committed(
    hub: TurnHub, log: TurnLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, task, outcomes = await _run_begun(hub, log, monkeypatch)
    assert (run.fence, outcomes, await log.read(run.turn_id, 0)) == (0, [], ())
    run.saved()
    await task
    assert (run.fence, len(outcomes)) == (1, 1)
    assert len(await log.read(run.turn_id, 0)) == 5


async def test_nothing_remains_of_an_answer_whose_question_was_not_committed(
    hub: TurnHub, log: TurnLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, task, outcomes = await _run_begun(hub, log, monkeypatch)
    run.end("lost")
    await task
    assert (outcomes, await log.read(run.turn_id, 0)) == ([], ())


async def test_an_answer_is_broken_off_where_its_question_is_given_up(hub: TurnHub, log: TurnLog) -> None:
    turn, was_left = begun(), asyncio.Event()

    run = RunningTurn(turn.work.turn_id, owner="here", engine=endless(was_left), log=log, hub=hub)
    task = asyncio.create_task(run.run(turn))
    await asyncio.sleep(0.05)
    run.end("lost")
    async with asyncio.timeout(3):
        await task
        await was_left.wait()
    assert await log.read(turn.work.turn_id, 0) == ()


@pytest.mark.parametrize("ending", ["launch", "drop", "launch, drop"])
async def test_an_expected_turn_runs_once_and_only_where_it_was_launched(
    monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    outcomes, asked, turn = list[Outcome](), list[Question](), begun()

    async def save(outcome: Outcome) -> None:
        outcomes.append(outcome)

    async def engine(question: Question) -> AsyncIterator[AnswerEvent]:
        asked.append(question)
        async for event in engine_with_pauses(0, 0, 0, 0)(question):
            yield event

    monkeypatch.setattr(running, "save", save)
    runner = turns.TurnRunner(engine, settings.REDIS_STATE_URL)
    runner.hub.start()
    runner.expect(turn)
    if "launch" in ending:
        runner.launch(turn.work.turn_id, turn)
    if "drop" in ending:
        runner.drop(turn.work.turn_id)
    await asyncio.sleep(0)
    async with asyncio.timeout(3):
        while runner._running:
            await asyncio.sleep(0.01)
    assert len(outcomes) == ("launch" in ending)
    assert len(await runner.log.read(turn.work.turn_id, 0)) == 5 * ("launch" in ending)
    assert len(asked) <= 1
    await runner.close()


async def test_a_turn_whose_transaction_fails_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    turn, was_left = begun(), asyncio.Event()

    runner = turns.TurnRunner(endless(was_left), settings.REDIS_STATE_URL)
    runner.hub.start()
    monkeypatch.setattr(turns, "_runner", runner)

    async def save_and_fail() -> None:
        with turns.dropped_on_fault(turn.work.turn_id):
            turns.expect(turn)
            await asyncio.sleep(0.05)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await save_and_fail()
    async with asyncio.timeout(3):
        await was_left.wait()
    assert await runner.log.read(turn.work.turn_id, 0) == ()
    await runner.close()


async def test_a_turn_of_which_nobody_says_anything_more_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_SAVED_WITHIN_S", 0.1)
    runner, turn = turns.TurnRunner(engine_with_pauses(0, 0, 0, 0), settings.REDIS_STATE_URL), begun()
    runner.hub.start()
    runner.expect(turn)
    await asyncio.sleep(0.05)
    assert runner._running
    async with asyncio.timeout(3):
        while runner._running:
            await asyncio.sleep(0.01)
    await runner.close()
