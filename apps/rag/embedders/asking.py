"""Vectors of questions: the last ones kept, and nobody kept waiting for a model or an endpoint that is away."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from apps.rag.config import RagConfig
from apps.rag.embedders.cached import embed_cached
from apps.rag.errors import EmbedderFailed
from apps.rag.ports import Embedder, Vectors

logger = logging.getLogger(__name__)

_THREADS = 2  # of their own: questions that wait for an endpoint must not fill those that search


class QuestionVectors:
    """Turns questions into vectors within a deadline; after one that failed, questions do without for a while.

    A local model that still loads is waited for until the deadline, too: then the answer is found by words.
    """

    def __init__(self, embedder: Embedder, config: RagConfig) -> None:
        self._embedder, self._config = embedder, config
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        self._paused_until_s = float("-inf")
        self._has_any = False
        self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="kauri-embed")

    async def vector(self, text: str) -> Vectors:
        """Return a question's vector (dimension,). Raises EmbedderFailed, at the deadline too."""
        known = self._remembered(text)
        if known is not None:
            return known
        if time.monotonic() < self._paused_until_s:
            raise EmbedderFailed
        deadline_s = self._config.embed_deadline_s if self._has_any else self._config.embed_load_s
        try:
            async with asyncio.timeout(deadline_s):
                vector = await asyncio.get_running_loop().run_in_executor(self._pool, self._computed, text)
        except (TimeoutError, EmbedderFailed) as error:
            self._paused_until_s = time.monotonic() + self._config.embed_pause_s
            logger.warning("questions do without vectors for %d s", self._config.embed_pause_s, exc_info=True)
            raise EmbedderFailed from error
        self._has_any = True
        self._remember(text, vector)
        return vector

    def _computed(self, text: str) -> Vectors:
        vectors: Vectors = embed_cached(self._embedder, [text], ttl_s=self._config.embed_cache_ttl_s, batch=1)[0]
        return vectors

    def _remembered(self, text: str) -> Vectors | None:
        with self._lock:
            if text in self._known:
                self._known.move_to_end(text)
            return self._known.get(text)

    def _remember(self, text: str, vector: Vectors) -> None:
        with self._lock:
            self._known[text] = vector
            while len(self._known) > self._config.query_cache_entries:
                self._known.popitem(last=False)
