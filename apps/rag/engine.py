"""The engine: a question in, ranked passages or an answer out."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.db import Error as DatabaseError

from apps.rag.analysis import ANALYSIS_REVISION
from apps.rag.arrivals import nothing_arrives
from apps.rag.config import RagConfig
from apps.rag.embedders import identify, warm_up
from apps.rag.embedders.cached import embed_cached
from apps.rag.errors import EmbedderAbsent
from apps.rag.generation.answer import generate
from apps.rag.generation.llm import close_clients, load_client
from apps.rag.generation.prompt import PROMPT_VERSION
from apps.rag.generation.rewriting import searched_better
from apps.rag.lawtocome import searched_as_known_today
from apps.rag.ports import Arrivals, ChatModel, Embedded, Embedder, Reranker
from apps.rag.rerankers.stage import RerankStage
from apps.rag.retrieval.ahead import ReadingAhead
from apps.rag.retrieval.folder import LexicalFolder
from apps.rag.retrieval.follower import Follower, catch_up_if_free
from apps.rag.retrieval.lawday import searched_on_that_day
from apps.rag.retrieval.legs import Legs
from apps.rag.retrieval.searcher import Searcher, read
from apps.rag.retrieval.stages import Examined
from apps.rag.stores import vector_store
from apps.rag.tracing import answer_spanned, engine_span
from apps.rag.types import (
    AnswerEvent,
    Question,
    Retrieved,
    Searching,
    SearchResult,
)
from apps.rag.understanding.curated import CuratedWords
from apps.rag.understanding.daysalone import restated
from apps.rag.understanding.lexicon import lexicon_revision
from apps.rag.understanding.understand import Reading
from kauri.lib.breaker import close_connections
from kauri.lib.db import run_db

logger = logging.getLogger(__name__)

_TEXT_THREADS = 2


class Engine:
    """Answers questions over what is indexed. One per process; safe for any number of turns at once."""

    def __init__(
        self,
        *,
        folder: LexicalFolder,
        embedder: Embedder,
        providers: Sequence[ChatModel],
        config: RagConfig,
        reranker: Reranker | None = None,
        arrivals: Arrivals = nothing_arrives,
    ) -> None:
        self.config = config
        self._arrivals = arrivals
        self._folder, self._embedder, self._providers = folder, embedder, tuple(providers)
        self._legs = Legs(folder, embedder, vector_store(), config)
        self._ahead = ReadingAhead()
        self._follower = Follower(folder, config, self._show_changes)
        self._curated = CuratedWords()
        stage = RerankStage(reranker, deadline_s=config.rerank_deadline_s) if reranker else None
        self._searcher = Searcher(self._legs, config, stage)
        self._has_tried_models = threading.Event()
        # of their own: texts that somebody embeds, or an endpoint that hangs, must not fill the threads that search
        self._texts = ThreadPoolExecutor(max_workers=_TEXT_THREADS, thread_name_prefix="kauri-texts")

    async def warm(self) -> None:
        """Bring the full text up to date if no other process does, open it, and begin to load the model.

        The model loads in a thread of its own: a process may serve at once, and only the first question waits.
        Without a database the follower tries again, and search says what is missing. Raises EmbedderMisconfigured.
        """
        logger.debug("vectors by %s", await asyncio.to_thread(identify, self._embedder))
        await run_db(self._curated.step)
        await self._open_full_text()
        if self._folder.is_rebuild_asked():
            # it was damaged
            await self._open_full_text()
        threading.Thread(target=self._load_models, name="kauri-models", daemon=True).start()

    async def _open_full_text(self) -> None:
        try:
            await run_db(catch_up_if_free, self._folder, self.config)
        except (DatabaseError, OSError, ValueError):
            # ValueError is what tantivy raises for anything
            logger.warning("full text is not up to date", exc_info=True)
        await asyncio.to_thread(self._legs.reopen)

    def _show_changes(self) -> None:
        self._legs.reopen()
        self._ahead.look()

    def _load_models(self) -> None:
        warm_up(self._embedder)
        if self._providers:
            load_client()
        if self._searcher.rerank:
            self._searcher.rerank.load()
        self._has_tried_models.set()

    @property
    def is_warm(self) -> bool:
        """Tell whether the full text is open and the model loaded (or known not to load): no question waits."""
        return self._legs.has_reader and self._has_tried_models.is_set()

    def start(self) -> None:
        """Follow the change log and the curators' words from now on."""
        self._follower.start()
        self._legs.follow()
        self._curated.start()
        self._ahead.start()

    async def close(self) -> None:
        """Stop following, and close this event loop's connections to providers and breakers."""
        await asyncio.to_thread(self._follower.stop)
        await asyncio.to_thread(self._legs.close)
        await asyncio.to_thread(self._curated.stop)
        await asyncio.to_thread(self._ahead.stop)
        await close_clients()
        await close_connections()

    @property
    def revision(self) -> int:
        """Return how far the open full text follows the change log."""
        return self._legs.revision

    @property
    def fingerprint(self) -> str:
        """Return a name for all that answers depend on beside the question and the texts."""
        models = [(model.provider, model.model) for model in self._providers]
        parts = (
            settings.KAURI_VERSION,
            PROMPT_VERSION,
            ANALYSIS_REVISION,
            lexicon_revision(),
            self._embedder.name,
            self._embedder.revision,
            self._legs.turn_revision,
            self._searcher.rerank and self._searcher.rerank.name,
            models,
        )
        return repr((*parts, self.config))

    async def search(self, question: Question) -> SearchResult:
        """Find the passages for a question within its scope. Raises RetrievalUnavailable."""
        with engine_span():
            started = time.perf_counter()
            question = restated(question)
            return await self._searcher.search(question, read(question), started)

    async def examine(self, question: Question) -> Examined:
        """Search without a model, and return what ranking and evidence are made of. Raises RetrievalUnavailable."""
        return await self._searcher.examine(restated(question))

    def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        """Yield the events of an answer, ending with Finished. Raises RetrievalUnavailable."""
        return answer_spanned(self._answer(question))

    async def _answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        started = time.perf_counter()
        question = restated(question)
        reading = read(question)
        yield Searching(reading.understanding)
        result = await self._result(question, reading, started)
        yield Retrieved(result)
        # the question's language decides that of the answer, whatever the pages around it speak
        question = replace(question, language=reading.understanding.language)
        written = generate(question, result, providers=self._providers, config=self.config, arrivals=self._arrivals)
        async for event in written:
            yield event

    async def _result(self, question: Question, reading: Reading, started: float) -> SearchResult:
        """Search, on the day that the question asks for in words where it does."""

        async def again(asked: Question, read_so: Reading) -> SearchResult:
            return await self._searcher.search(asked, read_so, time.perf_counter())

        result = await self._first_result(question, reading, started)
        result = await searched_on_that_day(question, reading, result, again)
        return await searched_as_known_today(question, result, again)

    async def _first_result(self, question: Question, reading: Reading, started: float) -> SearchResult:
        """Search; where the rules are unsure a model reads the question meanwhile, and its wording may find more."""
        first = self._searcher.search(question, reading, started)
        if not (reading.understanding.is_unsure and self._providers and question.scope.namespaces):
            return await first
        return await searched_better(
            question,
            self._providers,
            first=first,
            again=lambda reworded: self._searcher.search(reworded, read(reworded), time.perf_counter()),
            deadline_s=self.config.reading_deadline_s,
        )

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Return texts as vectors of the engine's embedder. Raises EmbedderFailed."""
        if not self._embedder.dimension:
            raise EmbedderAbsent
        config = self.config
        embed = partial(embed_cached, ttl_s=config.embed_cache_ttl_s, batch=config.embed_batch)

        def embedded() -> Embedded:
            # the model's revision comes after its first vectors: then it is read
            vectors = embed(self._embedder, texts)
            return Embedded(vectors, self._embedder.name, self._embedder.revision)

        return await asyncio.get_running_loop().run_in_executor(self._texts, embedded)
