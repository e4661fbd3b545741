"""One turn from claim to terminal event."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal
from uuid import UUID

from django.db import Error as DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from apps.chat import metrics
from apps.chat.errors import LeaseLost
from apps.chat.events import Transcript
from apps.chat.ledger import Outcome, turn_claim, turn_finish, turn_question
from apps.chat.models import Turn
from apps.chat.types import BegunTurn, Problem
from apps.rag.types import AnswerEvent, Question
from kauri.lib.db import run_db
from kauri.lib.ending import end_all
from kauri.lib.errors import KauriError
from kauri.lib.tracing import spanned
from kauri.lib.turnhub import TurnHub
from kauri.lib.turnlog import FenceLost, LogUnavailable, TurnLog

logger = logging.getLogger(__name__)

TURN_LIMIT_S = 180.0
_RETRY_LOG_AFTER_S = 1.0
# The first event waits this long for the engine's own first ones, which then go with it in one call.
_FIRST_WITHIN_S = 0.02
# Saving waits this long for what is released to be with its readers.
_LAST_WITHIN_S = 0.02
_SAVE_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 3.0)

Engine = Callable[[Question], AsyncIterator[AnswerEvent]]
Ending = Literal["", "cancelled", "interrupted", "lost"]


class LogWriter:
    """Sends what is released of a transcript to the turn log, and then to this process's own listeners.

    The engine does not wait for it: what comes while one call is under way goes with the next.
    """

    def __init__(self, log: TurnLog, transcript: Transcript, hub: TurnHub) -> None:
        self._log = log
        self._transcript = transcript
        self._hub = hub
        self._released = 0
        self._sent = 0
        self._not_before = 0.0
        self._is_due = asyncio.Event()
        self._sending = asyncio.Lock()

    def release(self) -> None:
        """Let out all that the transcript holds by now."""
        self._released = len(self._transcript.entries)
        self._is_due.set()

    async def run(self) -> None:
        """Send what is released, until cancelled. Raises LeaseLost."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await self.flush()

    async def catch_up(self, limit_s: float) -> None:
        """Wait until what is released is sent, for `limit_s` at most. Raises LeaseLost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.flush()

    async def flush(self) -> None:
        """Send what is released. Raises LeaseLost under an old fence; an absent Valkey is no error.

        What that did not take goes with what comes next.
        """
        async with self._sending:
            work, upto = self._transcript.work, self._released
            if upto == self._sent or time.monotonic() < self._not_before:
                return
            entries = self._transcript.entries[self._sent : upto]
            try:
                await self._log.append(work.turn_id, work.fence, entries)
            except LogUnavailable:
                metrics.TURN_LOG_FAILURES.inc()
                self._not_before = time.monotonic() + _RETRY_LOG_AFTER_S
                return
            except FenceLost as lost:
                raise LeaseLost(work.turn_id) from lost
            self._sent = upto
            self._hub.tell(work.turn_id, entries)


class RunningTurn:
    """A turn that this process runs; the hub is told what happens in it."""

    def __init__(self, turn_id: UUID, *, owner: str, engine: Engine, log: TurnLog, hub: TurnHub) -> None:
        self.turn_id = turn_id
        self._fence = 0
        self._owner = owner
        self._engine = engine
        self._log = log
        self._hub = hub
        self._ending: Ending = ""
        self._answering: asyncio.Task[None] | None = None
        self._is_saved = asyncio.Event()

    @property
    def is_saved(self) -> bool:
        """Whether the question is committed, or given up."""
        return self._is_saved.is_set()

    @property
    def fence(self) -> int:
        """The fence under which the turn is held, 0 while there is no row of it to look at."""
        return self._fence if self.is_saved else 0

    def saved(self) -> None:
        """Let out what was answered so far and what follows: the question is committed."""
        self._is_saved.set()

    def end(self, ending: Ending) -> None:
        """Break the answer off: the reader's stop, this process's own end, or a lost lease or question."""
        self._ending = self._ending or ending
        if self._answering is not None:
            self._answering.cancel()
        if ending == "lost":
            self._is_saved.set()  # nothing more to wait for

    async def run(self, begun: BegunTurn | None = None) -> None:
        """Claim what is not begun, answer, save, publish. Does nothing where another process has the turn.

        What is begun may still be in its transaction: nothing of it is told before `saved`.
        """
        work = begun.work if begun else await run_db(turn_claim, self.turn_id, self._owner)
        if work is None:
            return
        self._fence = work.fence
        transcript = Transcript(work)
        writer = LogWriter(self._log, transcript, self._hub)
        writing = asyncio.create_task(self._written(writer))
        try:
            with contextlib.suppress(LeaseLost), spanned("Chatbot API Service"):
                outcome = await self._answered(transcript, writer, writing, begun.question if begun else None)
                await self._until_saved()
                # What saving computes would hold up this very loop before it has sent the last words.
                await writer.catch_up(_LAST_WITHIN_S)
                with spanned("Save to DB"):
                    await save(outcome)
                self._hub.finished(self.turn_id, transcript.entries)
                writer.release()
                await writer.flush()
                metrics.observe(outcome)
        finally:
            await end_all([writing])

    async def _written(self, writer: LogWriter) -> None:
        await self._until_saved()
        await writer.run()

    async def _until_saved(self) -> None:
        await self._is_saved.wait()
        if self._ending == "lost":
            raise LeaseLost(self.turn_id)

    async def _answered(
        self, transcript: Transcript, writer: LogWriter, writing: asyncio.Task[None], question: Question | None
    ) -> Outcome:
        transcript.open()
        self._answering = asyncio.create_task(self._answer(transcript, writer, question))
        if self._ending:
            self._answering.cancel()
        await asyncio.wait({self._answering, writing}, timeout=TURN_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if not self._answering.done():
            await end_all([self._answering])
            error = writing.exception() if writing.done() else TimeoutError()
        # A stop that came after the last word stops nothing.
        elif self._answering.cancelled():
            return self._broken_off(transcript)
        else:
            error = self._answering.exception()
        if error is None:
            transcript.complete()
            return Outcome(Turn.State.COMPLETED, transcript, {})
        if isinstance(error, LeaseLost):
            raise error
        return failed(transcript, error)

    async def _answer(self, transcript: Transcript, writer: LogWriter, question: Question | None) -> None:
        opening = asyncio.get_running_loop().call_later(_FIRST_WITHIN_S, writer.release)
        try:
            asked = await run_db(turn_question, transcript.work) if question is None else question
            with translation.override(asked.language):
                async for event in self._engine(asked):
                    transcript.feed(event)
                    writer.release()
        finally:
            opening.cancel()  # what ends the transcript is released only once it is saved

    def _broken_off(self, transcript: Transcript) -> Outcome:
        if self._ending == "lost":
            raise LeaseLost(self.turn_id)
        if self._ending == "cancelled":
            transcript.break_off("cancelled")
            return Outcome(Turn.State.CANCELLED, transcript, {})
        return interrupted(transcript)


def interrupted(transcript: Transcript) -> Outcome:
    """Return the outcome of a turn whose process goes or went away."""
    transcript.break_off("interrupted")
    return Outcome(Turn.State.INTERRUPTED, transcript, {})


def failed(transcript: Transcript, error: BaseException) -> Outcome:
    """Return the outcome of a turn whose engine raised `error`."""
    with translation.override(transcript.work.filters.language):
        problem = problem_of(error)
    if problem.code == "internal":
        logger.error("turn failed", extra={"turn_id": str(transcript.work.turn_id)}, exc_info=error)
    transcript.fail(problem)
    fields: dict[str, Any] = {"code": problem.code, "message": problem.message, "retryable": problem.retryable}
    return Outcome(Turn.State.FAILED, transcript, fields)


def problem_of(error: BaseException) -> Problem:
    """Return what the reader is told of an error."""
    if isinstance(error, KauriError):
        return Problem(error.code, str(error.message), not error.permanent, None if error.permanent else 5)
    if isinstance(error, TimeoutError):
        sentence = _("The answer took too long. Your question is kept: ask it again.")
        return Problem("timeout", sentence, retryable=True)
    sentence = _("The answer could not be written. Your question is kept: ask it again.")
    return Problem("internal", sentence, retryable=True)


async def save(outcome: Outcome) -> None:
    """Save an outcome, waiting out a short absence of the database. Raises LeaseLost, DatabaseError."""
    for pause_s in _SAVE_PAUSES_S:
        try:
            await run_db(turn_finish, outcome)
            return
        except DatabaseError as error:
            logger.warning("turn not saved yet", extra={"reason": type(error).__name__})
            await asyncio.sleep(pause_s)
    await run_db(turn_finish, outcome)
