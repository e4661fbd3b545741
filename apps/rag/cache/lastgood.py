"""The last good answer to a question, for when the engine or every model is down."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
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
    Passage,
    Question,
    Restarted,
    Retrieved,
    Searching,
    TextDelta,
)
from apps.rag.understanding.editions import scope_meant
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
            return await run_db(_admitted, question, kept)
        except RetrievalUnavailable:
            return None  # what cannot be checked is not given

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


def _admitted(question: Question, kept: Kept) -> Kept | None:
    """Return an answer whose cited passages may all still be read, word for word, without the others that may not.

    None where one of the cited is not so. Raises RetrievalUnavailable.
    """
    found = [event.result for event in kept.events if isinstance(event, Retrieved)]
    cited = [event.citation.passage for event in kept.events if isinstance(event, CitationAdded)]
    # the day that the question asks for in words is the one that was searched
    hint = next((result.understanding.as_of_hint for result in found), None)
    shown = [*cited, *(ranked.passage for result in found for ranked in result.passages)]
    admitted = postgres.hydrate(scope_meant(question, hint), [passage.entry_id for passage in shown])

    def is_as_it_was(passage: Passage) -> bool:
        return passage.entry_id in admitted and admitted[passage.entry_id].passage.text == passage.text

    if not cited or not all(is_as_it_was(passage) for passage in cited):
        return None
    return replace(kept, events=tuple(_only(event, is_as_it_was) for event in kept.events))


def _only(event: AnswerEvent, is_as_it_was: Callable[[Passage], bool]) -> AnswerEvent:
    """Return what was found without the passages that changed."""
    if not isinstance(event, Retrieved):
        return event
    passages = tuple(ranked for ranked in event.result.passages if is_as_it_was(ranked.passage))
    return Retrieved(replace(event.result, passages=passages))
