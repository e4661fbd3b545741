"""One computation, any number of listeners: each hears all its events, from the first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine

from apps.rag.types import AnswerEvent


class Flight:
    """The events of one answer as they come. It ends when its work does, or when nobody listens any more."""

    def __init__(self) -> None:
        self._events: list[AnswerEvent] = []
        self._has_news = asyncio.Event()
        self._is_over = False
        self._error: BaseException | None = None
        self._n_listeners = 0
        self._task: asyncio.Task[None] | None = None

    def begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run the work that will call `add`; whoever listens hears how it ends."""
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(self._over)
        return self._task

    def add(self, event: AnswerEvent) -> None:
        """Tell all listeners."""
        self._events.append(event)
        self._wake()

    async def listen(self) -> AsyncIterator[AnswerEvent]:
        """Yield all events, those of the past first; raises what the work raised.

        The last listener who leaves early ends the work: nobody would hear its end.
        """
        self._n_listeners += 1
        n_heard = 0
        try:
            while True:
                while n_heard < len(self._events):
                    n_heard += 1
                    yield self._events[n_heard - 1]
                if self._is_over:
                    break
                await self._has_news.wait()
            if self._error is not None:
                raise self._error
        finally:
            self._n_listeners -= 1
            if not self._n_listeners and self._task is not None:
                self._task.cancel()

    @property
    def is_open(self) -> bool:
        """Tell whether one who begins to listen now will hear the end."""
        return self._task is None or not (self._task.done() or self._task.cancelling())

    def _over(self, task: asyncio.Task[None]) -> None:
        self._is_over = True
        self._error = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._wake()

    def _wake(self) -> None:
        # a new event each time: whoever waits on the old one wakes once, whoever comes later waits on the new one
        self._has_news.set()
        self._has_news = asyncio.Event()
