"""The turns of this process: started outside the request, kept under lease, swept, drained."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import FrameType
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError

from apps.chat import metrics
from apps.chat.errors import LeaseLost
from apps.chat.events import Transcript
from apps.chat.ledger import (
    turn_take_over,
    turns_lost,
    turns_renew,
    turns_saved,
    turns_signs,
    turns_unclaimed,
)
from apps.chat.running import Engine, LogWriter, RunningTurn, interrupted, save
from apps.chat.types import BegunTurn
from apps.rag.build import get_engine
from kauri.lib.db import run_db
from kauri.lib.ending import end_all
from kauri.lib.ids import uuid7
from kauri.lib.turnhub import TurnHub
from kauri.lib.turnlog import Entry, LogUnavailable, TurnLog

logger = logging.getLogger(__name__)

MAX_TURNS = 50
LOOK_EVERY_S = 0.5
RENEW_EVERY_LOOKS = 10
SWEEP_EVERY_S = 2.0
_SAVE_S = 2.5
_SAVED_WITHIN_S = 10.0


class TurnRunner:
    """Runs turns as tasks of one event loop and serves their logs to its streams."""

    def __init__(self, engine: Engine, redis_url: str) -> None:
        self.owner = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid7().hex[-12:]}"
        self.log = TurnLog(redis_url)
        self.hub = TurnHub(redis_url, self.log, _saved_logs)
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._running: dict[UUID, tuple[RunningTurn, asyncio.Task[None]]] = {}
        self._is_draining = False
        self._drained: asyncio.Task[None] | None = None
        self._sweep_now = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to serve: reader, watch over the leases, sweeper."""
        self.hub.start()
        self._tasks = [asyncio.create_task(self._look_after()), asyncio.create_task(self._sweep())]

    @property
    def is_free(self) -> bool:
        """Whether this process takes one more turn."""
        return not self._is_draining and len(self._running) < MAX_TURNS

    def expect(self, begun: BegunTurn) -> None:
        """Begin to answer while the turn is still in its transaction; callable from any thread.

        Nothing is told of it before `launch`, and nothing remains of it after `drop`.
        """
        self._loop.call_soon_threadsafe(self._expect, begun)

    def launch(self, turn_id: UUID, begun: BegunTurn | None) -> None:
        """Run a turn that is committed; callable from any thread. Beyond the limit a queued one stays queued for the
        sweeper.

        One that was begun as this process's is run in any case: nobody else may.
        """
        self._loop.call_soon_threadsafe(self._begin, turn_id, begun)

    def drop(self, turn_id: UUID) -> None:
        """Give up a turn that was expected and not launched; callable from any thread."""
        self._loop.call_soon_threadsafe(self._drop, turn_id)

    def stop(self, turn_id: UUID) -> None:
        """Stop a turn at once if it runs here; callable from any thread. Elsewhere its owner sees the flag."""
        self._loop.call_soon_threadsafe(self._end, turn_id)

    def begin_drain(self) -> None:
        """Take no more turns, send the readers of other processes' turns away, end within KAURI_DRAIN_S."""
        if self._drained is None:
            self._is_draining = True
            self._drained = asyncio.create_task(self._drain())

    async def close(self) -> None:
        """Drain, then put everything down."""
        self.begin_drain()
        if self._drained is not None:
            await self._drained
        await end_all(self._tasks)
        await self.hub.close()
        await self.log.close()

    def _expect(self, begun: BegunTurn) -> None:
        self._start(begun.work.turn_id, begun)
        # whoever breaks off without a word leaves no answer to wait for ever
        self._loop.call_later(_SAVED_WITHIN_S, self._drop, begun.work.turn_id)

    def _drop(self, turn_id: UUID) -> None:
        if turn_id in self._running and not self._running[turn_id][0].is_saved:
            self._running[turn_id][0].end("lost")

    def _begin(self, turn_id: UUID, begun: BegunTurn | None = None) -> None:
        if turn_id not in self._running:
            if not (begun or self.is_free):
                return
            self._start(turn_id, begun)
        self._running[turn_id][0].saved()

    def _start(self, turn_id: UUID, begun: BegunTurn | None) -> None:
        turn = RunningTurn(turn_id, owner=self.owner, engine=self._engine, log=self.log, hub=self.hub)
        self.hub.begin(turn_id)
        task = asyncio.create_task(turn.run(begun))
        self._running[turn_id] = (turn, task)
        metrics.TURNS_RUNNING.inc()
        task.add_done_callback(lambda done: self._over(turn_id, done))

    def _end(self, turn_id: UUID) -> None:
        if turn_id in self._running:
            self._running[turn_id][0].end("cancelled")

    def _over(self, turn_id: UUID, task: asyncio.Task[None]) -> None:
        was_full = len(self._running) >= MAX_TURNS
        del self._running[turn_id]
        self.hub.forget(turn_id)
        metrics.TURNS_RUNNING.dec()
        if was_full:
            self._sweep_now.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Nothing was saved: the lease runs out and a sweeper says so to the reader.
            logger.error("turn broke", extra={"turn_id": str(turn_id)}, exc_info=error)

    async def _look_after(self) -> None:
        n_looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            fences = {turn_id: turn.fence for turn_id, (turn, _task) in self._running.items() if turn.fence}
            if not fences:
                continue
            n_looks += 1
            try:
                if n_looks % RENEW_EVERY_LOOKS == 0:
                    await run_db(turns_renew, fences)
                signs = await run_db(turns_signs, tuple(fences))
            except DatabaseError as error:
                logger.warning("leases not renewed", extra={"reason": type(error).__name__})
                continue
            except Exception:
                # Without this task the leases of all turns run out.
                logger.exception("leases not renewed")
                continue
            for turn_id, fence in fences.items():
                if turn_id not in self._running:
                    continue
                turn = self._running[turn_id][0]
                sign = signs.get(turn_id)
                if sign is None or sign.fence != fence:
                    turn.end("lost")
                elif sign.stop_requested:
                    turn.end("cancelled")

    async def _sweep(self) -> None:
        while True:
            try:
                await self.sweep()
            except DatabaseError as error:
                logger.warning("turns not swept", extra={"reason": type(error).__name__})
            except Exception:
                logger.exception("turns not swept")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY_S):
                    await self._sweep_now.wait()
            self._sweep_now.clear()

    async def sweep(self) -> None:
        """Mark the turns of dead processes interrupted and begin those that nobody has begun."""
        for turn_id in await run_db(turns_lost):
            if turn_id not in self._running:
                await self._interrupt_logged(turn_id)
        n_free = MAX_TURNS - len(self._running)
        if n_free > 0 and not self._is_draining:
            for turn_id in await run_db(turns_unclaimed, n_free):
                self._begin(turn_id)

    async def _interrupt_logged(self, turn_id: UUID) -> None:
        try:
            await self._interrupt(turn_id)
        except Exception:
            # One that cannot be ended must not keep the sweeper from the others.
            logger.exception("turn not interrupted", extra={"turn_id": str(turn_id)})

    async def _interrupt(self, turn_id: UUID) -> None:
        work = await run_db(turn_take_over, turn_id, self.owner)
        if work is None:
            return
        entries: tuple[Entry, ...] = ()
        with contextlib.suppress(LogUnavailable):
            entries = await self.log.take_over(turn_id, work.fence)
        transcript = Transcript(work)
        transcript.resume(entries)
        outcome = interrupted(transcript)
        with contextlib.suppress(LeaseLost):
            await save(outcome)
            self.hub.finished(turn_id, transcript.entries)
            writer = LogWriter(self.log, transcript, self.hub)
            writer.release()
            await writer.flush()
            metrics.observe(outcome)
            metrics.TURNS_TAKEN_OVER.inc()
            logger.info("turn interrupted", extra={"turn_id": str(turn_id), "fence": work.fence})

    async def _drain(self) -> None:
        self.hub.release(keep=self._running.keys())
        tasks = {task for _turn, task in self._running.values()}
        if tasks:
            await asyncio.wait(tasks, timeout=settings.KAURI_DRAIN_S)
        for turn, _task in self._running.values():
            turn.end("interrupted")
        tasks = {task for _turn, task in self._running.values()}
        if tasks:
            await asyncio.wait(tasks, timeout=_SAVE_S)
        self.hub.release(keep=())


async def _saved_logs(turn_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Entry]]:
    return await run_db(turns_saved, tuple(turn_ids))


_runner: TurnRunner | None = None


def runner() -> TurnRunner:
    """Return this process's runner. Raises RuntimeError where `startup` has not run."""
    if _runner is None:
        raise RuntimeError("this process runs no turns")
    return _runner


async def startup() -> None:
    """Begin to run and sweep turns in this process, and to drain when it is told to end."""
    global _runner  # noqa: PLW0603 - one a process, made by its lifespan
    _runner = TurnRunner(get_engine().answer, settings.REDIS_STATE_URL)
    _runner.start()
    _drain_on_sigterm(_runner)


async def shutdown() -> None:
    """Let running turns end for KAURI_DRAIN_S, mark the rest interrupted, close."""
    global _runner  # noqa: PLW0603 - put down where it was made
    if _runner is not None:
        await _runner.close()
        _runner = None


def free_owner() -> str:
    """Return the name under which this process takes a turn from its first moment on, "" where it takes none."""
    return _runner.owner if _runner is not None and _runner.is_free else ""


@contextlib.contextmanager
def dropped_on_fault(turn_id: UUID) -> Iterator[None]:
    """Give up a turn that was expected inside where its transaction does not commit."""
    try:
        yield
    except BaseException:
        if _runner is not None:
            _runner.drop(turn_id)
        raise


def expect(begun: BegunTurn) -> None:
    """Begin to answer in this process while the turn is still in its transaction."""
    if _runner is not None:
        _runner.expect(begun)


def launch(turn_id: UUID, begun: BegunTurn | None) -> None:
    """Run a committed turn in this process; where it runs no turns, another one's sweeper will."""
    if _runner is not None:
        _runner.launch(turn_id, begun)


def stop(turn_id: UUID) -> None:
    """Stop a turn at once if it runs in this process."""
    if _runner is not None:
        _runner.stop(turn_id)


def _drain_on_sigterm(runner: TurnRunner) -> None:
    """Begin to drain at the signal itself: the server's own lifespan end comes only after open streams."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        earlier = signal.getsignal(number)

        def begin(received: int, frame: FrameType | None, earlier: object = earlier) -> None:
            loop.call_soon_threadsafe(runner.begin_drain)
            if callable(earlier):
                earlier(received, frame)

        signal.signal(number, begin)
