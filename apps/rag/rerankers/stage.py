"""A cross-encoder within a deadline: one computation at a time, and none that goes on for nobody."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from apps.rag.errors import RerankerFailed
from apps.rag.ports import Reranker
from apps.rag.types import Passage

logger = logging.getLogger(__name__)

# Between two of them a computation for which nobody waits any longer can end.
_SLICE = 8


class RerankStage:
    """Asks a reranker and waits no longer than the deadline; whoever comes while it computes goes without.

    Questions that wait for each other would all miss the deadline, and each would leave a thread behind. Until the
    model has loaded nobody waits for it either.
    """

    def __init__(self, reranker: Reranker, *, deadline_s: float) -> None:
        self._reranker, self._deadline_s = reranker, deadline_s
        self._is_loaded = threading.Event()
        self._is_free = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kauri-rerank")

    @property
    def name(self) -> str:
        """Return the reranker's name."""
        return self._reranker.name

    def load(self) -> None:
        """Load the model, in this thread; a failure is logged, and questions go without."""
        try:
            self._reranker.load()
        except RerankerFailed:
            logger.exception("the reranking model does not load")
        else:
            self._is_loaded.set()

    async def scores(self, question: str, passages: Sequence[Passage]) -> Mapping[int, float]:
        """Return the reranker's score of each passage by entry id. Raises RerankerFailed, at the deadline too."""
        if not passages:
            return {}
        if not self._is_loaded.is_set() or not self._is_free.acquire(blocking=False):
            raise RerankerFailed
        is_awaited = threading.Event()
        is_awaited.set()
        running = self._thread.submit(self._computed, question, tuple(passages), is_awaited)
        running.add_done_callback(lambda _: self._is_free.release())
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await asyncio.wrap_future(running)
        except TimeoutError as error:
            logger.warning("reranking %d passages took more than %.2f s", len(passages), self._deadline_s)
            raise RerankerFailed from error
        finally:
            is_awaited.clear()
        return {passage.entry_id: score for passage, score in zip(passages, found, strict=True)}

    async def scores_in_time(self, question: str, passages: Sequence[Passage]) -> Mapping[int, float] | None:
        """Return what `scores` does, None where that fails: the order then stands as it is."""
        try:
            return await self.scores(question, passages)
        except RerankerFailed:
            return None

    def _computed(self, question: str, passages: tuple[Passage, ...], is_awaited: threading.Event) -> list[float]:
        found: list[float] = []
        for at in range(0, len(passages), _SLICE):
            if not is_awaited.is_set():
                break
            found.extend(self._reranker.score(question, passages[at : at + _SLICE]))
        return found
