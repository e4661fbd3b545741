"""All open streams of a process on one Valkey connection.

One task blocks in one XREAD over the logs of every followed turn and hands the entries to their
listeners. A listener first catches up by XRANGE, then waits; one that is too slow is let go and
catches up again. Where Valkey is silent, the saved log of an ended turn closes the gap.

The turns that run in this process are told here instead, entry by entry once the log has taken it: their
listeners need not wait for the way over Valkey and back.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from kauri.lib.ending import end_all
from kauri.lib.ids import uuid7
from kauri.lib.turnlog import Entry, LogUnavailable, TurnLog, client, entry_of, stream_key

logger = logging.getLogger(__name__)

SavedLogs = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, Sequence[Entry]]]]

QUEUE_ENTRIES = 256
_BLOCK_MS = 5000
_QUIET_S = 3.0
_CATCH_UPS_AT_ONCE = 8
_SAVED_AT_ONCE = 500


class Listener:
    """One open stream's place in a turn's log."""

    __slots__ = ("_hub", "_queue", "_wake", "is_behind", "is_over", "last", "turn_id")

    def __init__(self, hub: "TurnHub", turn_id: UUID, after: int) -> None:
        self.turn_id = turn_id
        self.last = after
        self.is_behind = True
        self.is_over = False
        self._hub = hub
        self._queue: deque[Entry] = deque()
        self._wake = asyncio.Event()

    async def next(self) -> tuple[Entry, ...]:
        """Wait for the entries that follow the last one returned; () once there will be no more."""
        while not self._queue and not self.is_over:
            if self.is_behind:
                await self._hub.catch_up(self)
            else:
                self._wake.clear()
                await self._wake.wait()
        batch = tuple(self._queue)
        self._queue.clear()
        return batch

    def take(self, entries: Sequence[Entry]) -> bool:
        """Queue those entries that follow on without a gap; False when this listener is too slow."""
        for entry in entries:
            if entry.seq != self.last + 1:
                continue
            if len(self._queue) >= QUEUE_ENTRIES:
                self.is_behind = True
                return False
            self._keep(entry)
        return True

    def finish(self, saved: Sequence[Entry]) -> None:
        """Queue the rest of a saved log, whatever its gaps: the turn has ended."""
        for entry in saved:
            if entry.seq > self.last:
                self._keep(entry)
        self.end()

    def end(self) -> None:
        """Let `next` return what is queued, then ()."""
        self.is_over = True
        self._wake.set()

    def _keep(self, entry: Entry) -> None:
        self._queue.append(entry)
        self.last = entry.seq
        self._wake.set()

    def close(self) -> None:
        """Stop following."""
        self._hub.leave(self)


class _Followed:
    """The reader's place in one log, and who listens."""

    __slots__ = ("cursor", "heard_at", "listeners")

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.listeners: set[Listener] = set()
        self.heard_at = time.monotonic()


class TurnHub:
    """The reader task and its listeners; `saved` returns the logs of those turns that have ended."""

    def __init__(self, url: str, log: TurnLog, saved: SavedLogs) -> None:
        self._log = log
        self._saved = saved
        self._client = client(url, max_connections=1, timeout_s=_BLOCK_MS / 1000 + 3)
        self._control_key = f"turn-reader:{uuid7()}"
        self._control_id = "0-0"
        self._followed: dict[UUID, _Followed] = {}
        self._told: dict[UUID, list[Entry]] = {}
        self._catching_up = asyncio.Semaphore(_CATCH_UPS_AT_ONCE)
        self._changed = asyncio.Event()
        self._is_blocked = False
        self._is_connected = True
        self._kept: frozenset[UUID] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._pokes: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start the reader and the watch over silent turns."""
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._watch())]

    async def close(self) -> None:
        """End every listener and the two tasks."""
        self.release(keep=())
        await end_all((*self._tasks, *self._pokes))
        await self._client.aclose(close_connection_pool=True)

    def listen(self, turn_id: UUID, after: int) -> Listener:
        """Return a listener to the entries of a turn after number `after`; close it when done."""
        return Listener(self, turn_id, after)

    async def catch_up(self, listener: Listener) -> None:
        """Bring a listener to the end of the log, then follow it live."""
        if (told := self._told.get(listener.turn_id)) is not None:
            if listener.take(told):
                self._follow(listener, may_be_past=False)
            return
        followed = self._followed.get(listener.turn_id)
        was_past = followed is not None and followed.cursor > listener.last
        with contextlib.suppress(LogUnavailable):
            async with self._catching_up:
                entries = await self._log.read(listener.turn_id, listener.last)
            known = listener.last
            listener.take(entries)
            if listener.last > known:
                return  # the caller sends these first, and comes again: still behind
        self._follow(listener, may_be_past=not was_past)

    def leave(self, listener: Listener) -> None:
        """Forget a listener, and its turn with the last one."""
        followed = self._followed.get(listener.turn_id)
        if followed is None:
            return
        followed.listeners.discard(listener)
        if not followed.listeners:
            del self._followed[listener.turn_id]

    def begin(self, turn_id: UUID) -> None:
        """Expect to be told of a turn that runs in this process."""
        self._told[turn_id] = []

    def tell(self, turn_id: UUID, entries: Sequence[Entry]) -> None:
        """Hand on the next entries of a turn of this process, which its log has taken; nothing once it has ended."""
        if turn_id not in self._told:
            return
        self._told[turn_id] += entries
        if followed := self._followed.get(turn_id):
            _hand(followed, entries)

    def forget(self, turn_id: UUID) -> None:
        """Read a turn from Valkey again: it runs here no more."""
        if self._told.pop(turn_id, None) is not None and turn_id in self._followed:
            self._changed.set()
            self._poke()

    def finished(self, turn_id: UUID, saved: Sequence[Entry]) -> None:
        """Hand the whole log of a turn that has ended to its listeners."""
        self._told.pop(turn_id, None)
        if followed := self._followed.get(turn_id):
            for listener in tuple(followed.listeners):
                listener.finish(saved)

    def release(self, *, keep: Collection[UUID]) -> None:
        """End the listeners of every turn but those in `keep`, now and later: their clients come again elsewhere."""
        self._kept = frozenset(keep)
        for turn_id, followed in tuple(self._followed.items()):
            if turn_id not in keep:
                for listener in tuple(followed.listeners):
                    listener.end()

    def _follow(self, listener: Listener, *, may_be_past: bool) -> None:
        if self._kept is not None and listener.turn_id not in self._kept:
            listener.end()
            return
        followed = self._followed.get(listener.turn_id)
        if followed is None:
            followed = self._followed[listener.turn_id] = _Followed(listener.last)
            if listener.turn_id not in self._told:
                self._changed.set()
                self._poke()
        # The reader may have gone past this listener during its catch-up: then the log has more for it. If it
        # was past before and the log still had nothing, either entries are lost, and the saved log will have to
        # do, or an earlier listener began beyond the end: the reader goes back, the others pass over what they know.
        is_past = followed.cursor > listener.last
        listener.is_behind = may_be_past and is_past
        if is_past and not may_be_past:
            followed.cursor = listener.last
            self._poke()
        followed.listeners.add(listener)

    def _poke(self) -> None:
        if self._is_blocked:
            self._is_blocked = False
            task = asyncio.create_task(self._log.poke(self._control_key))
            self._pokes.add(task)
            task.add_done_callback(self._pokes.discard)

    async def _read(self) -> None:
        while True:
            while not self._followed.keys() - self._told.keys():
                self._changed.clear()
                await self._changed.wait()
            try:
                await self._read_once()
            except (RedisError, OSError) as error:
                await self._away(error)
            except Exception:
                # The one reader of all streams must not die of one entry that nobody understands.
                logger.exception("turn log not read")
                await asyncio.sleep(1)

    async def _read_once(self) -> None:
        turns = {stream_key(turn_id): turn_id for turn_id in self._followed if turn_id not in self._told}
        places: dict[Any, Any] = {key: f"{self._followed[turn_id].cursor}-0" for key, turn_id in turns.items()}
        self._is_blocked = True
        try:
            reply: Any = await self._client.xread({self._control_key: self._control_id, **places}, block=_BLOCK_MS)
        finally:
            self._is_blocked = False
        self._is_connected = True
        for key, rows in reply or ():
            self._deliver(turns.get(key), rows)
        # Lets entries gather: a call names every followed log, so its price grows with them.
        await asyncio.sleep(0.01 + len(places) * 0.00005)

    async def _away(self, error: Exception) -> None:
        if self._is_connected:
            logger.warning("turn log is away", extra={"reason": type(error).__name__})
        self._is_connected = False
        await asyncio.sleep(0.5)

    def _deliver(self, turn_id: UUID | None, rows: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        if turn_id is None:
            self._control_id = rows[-1][0]
            return
        followed = self._followed.get(turn_id)
        if followed is None:
            return
        _hand(followed, [entry_of(entry_id, fields) for entry_id, fields in rows])

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            quiet_since = time.monotonic() - (_QUIET_S if self._is_connected else 0.5)
            quiet = [turn_id for turn_id, followed in self._followed.items() if followed.heard_at < quiet_since]
            for start in range(0, len(quiet), _SAVED_AT_ONCE):
                await self._close_gaps(quiet[start : start + _SAVED_AT_ONCE])

    async def _close_gaps(self, quiet: Sequence[UUID]) -> None:
        try:
            saved = await self._saved(quiet)
        except Exception:
            logger.warning("saved turns cannot be read")
            return
        now = time.monotonic()
        for turn_id in quiet:
            if turn_id in saved:
                self.finished(turn_id, saved[turn_id])
            elif followed := self._followed.get(turn_id):
                followed.heard_at = now


def _hand(followed: _Followed, entries: Sequence[Entry]) -> None:
    followed.cursor = entries[-1].seq
    followed.heard_at = time.monotonic()
    for listener in tuple(followed.listeners):
        if not listener.take(entries):
            followed.listeners.discard(listener)
