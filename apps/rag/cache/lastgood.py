"""The last good answer to a question, for when the engine or every model is down."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import cast

from apps.rag.cache.behind import EngineBehind
from apps.rag.cache.codec import Kept, lacks_nothing, lean, repeated
from apps.rag.cache.keys import last_good_key
from apps.rag.cache.store import AnswerStore, StoreDown
from apps.rag.config import RagConfig
from apps.rag.errors import RetrievalUnavailable
from apps.rag.ports import RagEngine
from apps.rag.stores import postgres
from apps.rag.types import (
    AnswerEvent,
    CitationAdded,
    Finished,
    ModelsFailed,
    Question,
    Restarted,
    Retrieved,
    Searching,
    TextDelta,
)
from kauri.lib import clock
from kauri.lib.db import run_db

logger = logging.getLogger(__name__)

_MARK = "last_good"


class LastGoodEngine(EngineBehind):
    """An engine that gives an earlier answer, marked and dated, where no new one can be made.

    Only while every passage that the answer cites is still published, in force, allowed to this reader, and says the
    same words.
    """

    def __init__(self, inner: RagEngine, *, store: AnswerStore, config: RagConfig) -> None:
        super().__init__(inner)
        self._store, self._config = store, config

    async def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        """Yield the events of an answer; raises RetrievalUnavailable where no earlier one stands in."""
        given: list[AnswerEvent] = []
        kept: Kept | None = None
        try:
            async with aclosing(cast("AsyncGenerator[AnswerEvent, None]", self.inner.answer(question))) as events:
                async for event in events:
                    if isinstance(event, ModelsFailed) and (kept := await self._stand_in(question)) is not None:
                        break
                    given.append(lean(event))
                    if isinstance(event, Finished):
                        await self._save(question, given, event)
                    yield event
        except RetrievalUnavailable:
            kept = await self._stand_in(question)
            if kept is None:
                raise
        if kept is not None:
            for event in _stand_in_events(kept, given):
                yield event

    async def _stand_in(self, question: Question) -> Kept | None:
        try:
            kept = await self._store.get(last_good_key(question))
        except StoreDown:
            return None
        if kept is None:
            return None
        try:
            is_admitted = await run_db(_is_admitted, question, kept.events)
        except RetrievalUnavailable:
            return None  # what cannot be checked is not given
        return kept if is_admitted else None

    async def _save(self, question: Question, events: Sequence[AnswerEvent], end: Finished) -> None:
        if not lacks_nothing(end) or end.answered_at is not None or end.mode not in {"model", "extractive"}:
            return
        ttl_s, now = self._config.last_good_ttl_s, clock.now()
        kept = Kept(tuple(events), now, 0.0, now + timedelta(seconds=ttl_s))
        with contextlib.suppress(StoreDown):
            await self._store.put(last_good_key(question), kept, ttl_s=ttl_s)


def _stand_in_events(kept: Kept, given: Iterable[AnswerEvent]) -> list[AnswerEvent]:
    """Return what is still to be said: what was found is not said twice, and a text that was begun is taken back."""
    told = {type(event) for event in given}
    said_once = tuple(kind for kind in (Searching, Retrieved) if kind in told)
    events = [event for event in repeated(kept, (_MARK,)) if not isinstance(event, said_once)]
    return [Restarted(), *events] if TextDelta in told else events


def _is_admitted(question: Question, events: Iterable[AnswerEvent]) -> bool:
    """Tell whether every cited passage may still be read, word for word. Raises RetrievalUnavailable."""
    cited = [event.citation.passage for event in events if isinstance(event, CitationAdded)]
    if not cited:
        return False
    admitted = postgres.hydrate(question.scope, [passage.entry_id for passage in cited], None, ())
    return all(
        passage.entry_id in admitted and admitted[passage.entry_id].passage.text == passage.text for passage in cited
    )
