"""An engine for tests of its edges: it remembers what it was asked and answers at the pace that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np

from apps.rag.ports import Embedded
from apps.rag.tests.entries import scope
from apps.rag.tests.served import filled
from apps.rag.types import (
    AnswerEvent,
    Finished,
    Question,
    Searching,
    SearchResult,
    TextDelta,
    Understanding,
    Usage,
)

ASKED = Question("Que dit l'article 311 ?", scope())
UNDERSTOOD = Understanding("rag_query", (), "Que dit l'article 311 ?", ())
RESULT: SearchResult = filled(SearchResult)


class Scripted:
    """An engine that remembers what it was asked and answers at the pace that a test sets."""

    is_warm = True
    revision = 7

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.n_working = 0
        self.pause_s = 0.0
        self.n_deltas = 3
        self.ending: BaseException | None = None
        self.has_end = True
        self.embedders: tuple[str, ...] = ("scripted",)  # whose vectors, call by call; the last one from then on

    async def warm(self) -> None: ...

    def start(self) -> None: ...

    async def close(self) -> None: ...

    async def search(self, question: Question) -> SearchResult:
        self.asked.append(question)
        self.n_working += 1
        try:
            await asyncio.sleep(self.pause_s)
        finally:
            self.n_working -= 1
        return RESULT

    async def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        self.asked.append(question)
        self.n_working += 1
        try:
            yield Searching(UNDERSTOOD)
            for n in range(self.n_deltas):
                await asyncio.sleep(self.pause_s)
                yield TextDelta(f"mot {n} ")
            if self.ending is not None:
                raise self.ending
            if self.has_end:
                yield Finished("extractive", "", "", Usage(), ())
        finally:
            self.n_working -= 1

    async def embed(self, texts: Sequence[str]) -> Embedded:
        model, *others = self.embedders
        self.embedders = tuple(others) or self.embedders
        return Embedded(np.full((len(texts), 512), 0.5, dtype=np.float32), model, "1")


async def idle(engine: Scripted) -> None:
    """Wait until the engine works on nothing any more."""
    async with asyncio.timeout(5):
        while engine.n_working:
            await asyncio.sleep(0.01)
