"""The query cache in front of an engine: exact keys, one computation over all processes, no stampede at expiry."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from django.db import Error as DatabaseError

from apps.rag.cache.behind import EngineBehind
from apps.rag.cache.codec import Kept, lacks_nothing, lean, repeated
from apps.rag.cache.flight import Flight
from apps.rag.cache.keys import answer_key
from apps.rag.cache.store import AnswerStore, StoreDown
from apps.rag.config import RagConfig
from apps.rag.indexer import revisions_of
from apps.rag.models import IndexChange
from apps.rag.ports import RagEngine
from apps.rag.types import AnswerEvent, Finished, Overrides, Question, Retrieved
from kauri.lib import clock
from kauri.lib.db import run_db

logger = logging.getLogger(__name__)

_DOWN = "cache_unavailable"
_KEPT_MODES = frozenset({"model", "extractive", "refusal"})
_PLAIN = Overrides()


class CachedEngine(EngineBehind):
    """An engine whose answers are kept, and computed once where many ask the same at once.

    `fingerprint` names all that answers depend on beside the question and the texts: models, prompts, lexicon, knobs.
    """

    def __init__(
        self, inner: RagEngine, *, store: AnswerStore, fingerprint: Callable[[], str], config: RagConfig
    ) -> None:
        super().__init__(inner)
        self._store, self._fingerprint, self._config = store, fingerprint, config
        self._flights: dict[str, Flight] = {}

    async def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        """Yield the events of an answer, a kept one where there is one. Raises what the engine behind raises."""
        key = await self._key(question)
        if key is None:
            async with aclosing(_generator(self.inner, question)) as events:
                async for event in events:
                    yield event
            return
        flight = self._flights.get(key)
        if flight is None or not flight.is_open:
            flight = self._begin(key, question)
        async with aclosing(cast("AsyncGenerator[AnswerEvent, None]", flight.listen())) as heard:
            async for event in heard:
                yield event

    async def _key(self, question: Question) -> str | None:
        """Return the key of an answer, or None where it is not to be cached."""
        if question.overrides != _PLAIN:
            return None
        revisions = question.revisions
        if revisions is None:
            try:
                revisions = await run_db(revisions_of, question.scope.namespaces)
            except DatabaseError:
                return None  # the engine will say what is wrong
        # what "CGI 2025" asks for hangs on whether today's law was chosen: the same day is another day tomorrow
        is_todays = question.scope.as_of == clock.today()
        return answer_key(question, revisions, f"{self._fingerprint()} {is_todays}")

    async def _look_up(self, key: str) -> tuple[Kept | None, bool]:
        try:
            return await self._store.get(key), False
        except StoreDown:
            return None, True

    def _begin(self, key: str, question: Question) -> Flight:
        """Let one task look the answer up or compute it, for all who ask here until it is told."""
        flight = Flight()
        task = flight.begin(self._fly(flight, key, question))
        self._flights[key] = flight

        def forget(_: asyncio.Task[None]) -> None:
            if self._flights.get(key) is flight:
                del self._flights[key]

        task.add_done_callback(forget)
        return flight

    async def _fly(self, flight: Flight, key: str, question: Question) -> None:
        kept, is_down = await self._look_up(key)
        if kept is not None and not _is_due(kept, self._config.early_expiry):
            _tell_again(flight, kept)
        elif is_down:
            await self._compute(flight, key, question, is_down=True)
        else:
            await self._lead_or_wait(flight, key, question, kept)

    async def _lead_or_wait(self, flight: Flight, key: str, question: Question, stale: Kept | None) -> None:
        """Compute an answer, or wait for the process that does; an answer that is kept is never waited for."""
        give_up, asked_at = time.monotonic() + self._config.flight_wait_s, clock.now()
        while True:
            async with self._leading(key) as lead:
                if lead is not None or time.monotonic() > give_up:
                    # another process may have finished between our look and our lease
                    done = None if stale is not None else await self._finished_since(asked_at, key)
                    if done is None:
                        await self._compute(flight, key, question, is_down=lead == "")
                        return
                    stale = done
            stale = stale or await self._wait(key, asked_at, give_up)
            if stale is not None:
                _tell_again(flight, stale)
                return

    async def _finished_since(self, asked_at: datetime, key: str) -> Kept | None:
        """Return what another process finished; what lacks something, only where it is newer than the question."""
        kept, _ = await self._look_up(key)
        if kept is not None:
            return kept
        passing, _ = await self._look_up(_passing(key))
        return passing if passing is not None and passing.answered_at >= asked_at else None

    async def _wait(self, key: str, asked_at: datetime, give_up: float) -> Kept | None:
        """Wait until the leading process has an answer, or leads no more."""
        while time.monotonic() < give_up:
            await asyncio.sleep(self._config.flight_poll_s)
            kept = await self._finished_since(asked_at, key)
            if kept is not None:
                return kept
            try:
                if not await self._store.is_leased(key):
                    return None
            except StoreDown:
                return None
        return None

    @asynccontextmanager
    async def _leading(self, key: str) -> AsyncIterator[str | None]:
        """Hold the lease of a key: its token, "" where Valkey is away, None where another process leads."""
        lease_s = self._config.flight_lease_s
        try:
            token = await self._store.lease(key, lease_s=lease_s)
        except StoreDown:
            yield ""
            return
        if token is None:
            yield None
            return
        keeper = asyncio.create_task(self._keep(key, token, lease_s))
        try:
            yield token
        finally:
            keeper.cancel()
            with contextlib.suppress(StoreDown):
                await self._store.release(key, token)

    async def _keep(self, key: str, token: str, lease_s: float) -> None:
        while True:
            await asyncio.sleep(lease_s / 3)
            with contextlib.suppress(StoreDown):
                await self._store.renew(key, token, lease_s=lease_s)

    async def _compute(self, flight: Flight, key: str, question: Question, *, is_down: bool) -> None:
        started = time.monotonic()
        given: list[AnswerEvent] = []
        async with aclosing(_generator(self.inner, question)) as events:
            async for event in events:
                given.append(lean(event))
                if isinstance(event, Finished):
                    is_kept = not is_down and await self._save(key, given, event, time.monotonic() - started)
                    flight.add(event if is_kept else replace(event, degraded=(*event.degraded, _DOWN)))
                else:
                    flight.add(event)

    async def _save(self, key: str, events: Sequence[AnswerEvent], end: Finished, cost_s: float) -> bool:
        """Keep an answer; False where Valkey is away. One that lacks something only serves those who wait for it."""
        if end.mode not in _KEPT_MODES:
            return True
        is_whole = lacks_nothing(end) and await _is_current(events)
        ttl_s = self._config.answer_ttl_s if is_whole else self._config.passing_ttl_s
        now = clock.now()
        kept = Kept(tuple(events), now, cost_s, now + timedelta(seconds=ttl_s))
        try:
            await self._store.put(key if is_whole else _passing(key), kept, ttl_s=ttl_s)
        except StoreDown:
            return False
        return True


def _tell_again(flight: Flight, kept: Kept) -> None:
    for event in repeated(kept):
        flight.add(event)


def _generator(engine: RagEngine, question: Question) -> AsyncGenerator[AnswerEvent, None]:
    return cast("AsyncGenerator[AnswerEvent, None]", engine.answer(question))


def _is_due(kept: Kept, beta: float) -> bool:
    """Tell whether this reader refreshes an entry early (XFetch: Vattani, Chierichetti and Lowenstein, 2015).

    The dearer an answer and the nearer its expiry, the likelier: one reader draws it before all find it gone.
    """
    left_s = (kept.expires_at - clock.now()).total_seconds()
    return left_s <= -kept.cost_s * beta * math.log(1.0 - random.random())  # noqa: S311 - no secret hangs on it


async def _is_current(events: Sequence[AnswerEvent]) -> bool:
    """Tell whether an answer was made from a full text that follows all changes.

    The key holds what is published; the full text follows it a moment later, and what is not in it yet is missing from
    an answer that would be given again for a day.
    """
    followed = min((event.result.index_revision for event in events if isinstance(event, Retrieved)), default=0)
    try:
        return followed >= await run_db(_last_change)
    except DatabaseError:
        return False


def _last_change() -> int:
    return IndexChange.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def _passing(key: str) -> str:
    return f"{key}:passing"
