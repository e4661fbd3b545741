"""Runs the legs: each off the event loop, each timed, each able to fail alone where another can stand in."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from apps.rag.calibration import turn_of, turned
from apps.rag.config import RagConfig
from apps.rag.embedders.asking import QuestionVectors
from apps.rag.errors import EmbedderFailed, VectorsUnavailable
from apps.rag.ports import Embedder, VectorIndex, Vectors, VectorStore
from apps.rag.rerankers.builtin import SentenceVectors
from apps.rag.retrieval.folder import FolderState, LexicalFolder
from apps.rag.retrieval.integrity import require_whole
from apps.rag.retrieval.lexical import LexicalReader
from apps.rag.retrieval.query import LexicalQuery
from apps.rag.retrieval.vectorfollower import is_filled, outside_follower
from apps.rag.stores import postgres
from apps.rag.stores.postgres import FirstRound, Hydrated, ReferenceHit
from apps.rag.tracing import stage
from apps.rag.types import Hit, Ranking, Scope
from kauri.lib.db import run_db

logger = logging.getLogger(__name__)

_INDEX_LOOKUP_S = 5.0
_TOLD_AGAIN_S = 60.0
_MANY_DOCUMENTS, _MAX_RARE_GRAMS = 30_000, 40
_MAX_SCOPES = 256  # readers' scopes whose codes are remembered


class Legs:
    """What retrieval reads from: the full text, PostgreSQL, the embedder, and their small caches."""

    def __init__(self, folder: LexicalFolder, embedder: Embedder, vectors: VectorStore, config: RagConfig) -> None:
        self._folder, self._embedder, self._vectors, self._config = folder, embedder, vectors, config
        self._state: FolderState | None = None
        self._reader: LexicalReader | None = None
        self._vector_index: VectorIndex | None = None
        self._index_looked_up = self._silent_until = float("-inf")
        self._are_vectors_whole = True  # False while a store outside PostgreSQL is still being filled
        self._sentences = SentenceVectors(config.sentence_cache_mb * 1_000_000)
        self._questions = QuestionVectors(embedder, config)
        self._turn = turn_of(embedder.name, embedder.dimension)
        # a name for what questions are turned by: another matrix, another name
        self.turn_revision = "" if self._turn is None else hashlib.sha256(self._turn.tobytes()).hexdigest()[:16]
        self._codes: dict[tuple[Scope, int], frozenset[str]] = {}
        self._lock = threading.Lock()
        self._vectors_follower = outside_follower(vectors, config)

    def follow(self) -> None:
        """Let a store of vectors outside PostgreSQL follow the change log from now on."""
        if self._vectors_follower is not None:
            self._vectors_follower.start()

    def close(self) -> None:
        """Stop following, and close the connections of such a store."""
        if self._vectors_follower is not None:
            self._vectors_follower.stop()
        self._vectors.close()

    @property
    def has_embedder(self) -> bool:
        """Tell whether this installation wants vectors at all."""
        return self._embedder.dimension > 0

    @property
    def has_reader(self) -> bool:
        """Tell whether a full text is open."""
        return self._reader is not None

    @property
    def revision(self) -> int:
        """Return how far the open full text follows the change log."""
        return self._state.seq if self._state else 0

    def reopen(self) -> None:
        """Show what the writer committed, opening another generation where there is one.

        A damaged one is not shown: the writer is asked for another, and what was open stays so until then.
        """
        with self._lock:
            state = self._folder.state()
            if state is None:
                return
            try:
                self._open(state)
            except ValueError:
                # what tantivy raises for anything; a generation that was replaced meanwhile is no damage
                if self._folder.state() == state:
                    logger.warning("full text cannot be opened", exc_info=True)
                    self._ask_rebuild()

    def _open(self, state: FolderState) -> None:
        if self._reader is None or self._state is None or state.generation != self._state.generation:
            self._reader = LexicalReader(self._folder.generation_path(state.generation))
        else:
            self._reader.reload()
        self._state = state

    async def lexical(self, query: LexicalQuery, scope: Scope) -> tuple[Ranking, ...]:
        """Rank by words and by 4-grams; nothing while no full text is open."""
        reader = self._reader
        if reader is None:
            return ()
        try:
            return await asyncio.to_thread(self._lexical, reader, query, scope)
        except ValueError:
            # what tantivy raises for anything: the other legs can stand in, and the answer is marked
            logger.exception("the full text does not answer")
            await asyncio.to_thread(self._mend)
            return ()

    def _mend(self) -> None:
        """Ask the writer for another full text where the open one is damaged."""
        state = self._state
        if state is not None:
            try:
                require_whole(self._folder.generation_path(state.generation))
            except ValueError:
                self._ask_rebuild()

    def _ask_rebuild(self) -> None:
        with contextlib.suppress(OSError):
            self._folder.ask_rebuild()

    def _lexical(self, reader: LexicalReader, query: LexicalQuery, scope: Scope) -> tuple[Ranking, ...]:
        k = self._config.n_candidates
        with stage("bm25_search"):
            return (
                reader.rank_words(query.words, self._config.heading_boost, scope, k),
                reader.rank_grams(_telling(query.grams, reader), scope, k),
            )

    def frequencies(self, terms: Iterable[str], field: str = "words") -> tuple[Mapping[str, int], int]:
        """Return the document frequencies of terms, or of 4-grams in the field `grams`; and how many documents are.

        None of either where no full text is open, or where it does not answer.
        """
        reader = self._reader
        with contextlib.suppress(ValueError):  # what tantivy raises for anything: `lexical` has said so
            if reader is not None:
                return reader.document_frequencies(terms, field), reader.n_documents
        return {}, 0

    async def embed(self, text: str) -> Vectors | None:
        """Return a question's vector (dimension,), or None without an embedder or when it fails."""
        if not self.has_embedder:
            return None
        try:
            with stage("embedding"):
                return await self._questions.vector(text)
        except EmbedderFailed:
            return None

    def towards_answers(self, vector: Vectors) -> Vectors:
        """Return a question's vector turned to where the embedder puts answers: itself where nobody found out."""
        return vector if self._turn is None else turned(vector, self._turn)

    async def vector_index(self) -> VectorIndex | None:
        """Return the live index of vectors; one that is not there yet is looked for every few seconds."""
        if not self.has_embedder:
            return None
        if time.monotonic() - self._index_looked_up > _INDEX_LOOKUP_S:
            made_by = self._embedder
            index = await run_db(postgres.vector_index, made_by.name, made_by.revision, made_by.dimension)
            if index is not None and self._vectors_follower is not None:
                self._are_vectors_whole = await run_db(is_filled, self._vectors.name, index)
            self._vector_index = index
            self._index_looked_up = time.monotonic()
        return self._vector_index

    async def first_round(self, scope: Scope, keys: Sequence[str], vector: Vectors | None) -> FirstRound:
        """Look up references and nearest vectors, at the same time. Raises RetrievalUnavailable."""
        by_reference: tuple[ReferenceHit, ...] = ()
        reference_ms = 0.0
        if keys:
            (nearest, nearest_ms), (by_reference, reference_ms) = await asyncio.gather(
                self._nearest(scope, vector), self._by_reference(scope, keys)
            )
        else:
            # awaited itself, not as a task: what takes the longest has then begun when this first waits
            nearest, nearest_ms = await self._nearest(scope, vector)
        have_failed = nearest is None or (vector is not None and not self._are_vectors_whole)
        return FirstRound(by_reference, nearest or (), reference_ms, nearest_ms, have_failed)

    async def _by_reference(self, scope: Scope, keys: Sequence[str]) -> tuple[tuple[ReferenceHit, ...], float]:
        started = time.perf_counter()
        hits = await run_db(postgres.by_reference, scope, keys)
        return hits, (time.perf_counter() - started) * 1e3

    async def _nearest(self, scope: Scope, vector: Vectors | None) -> tuple[tuple[Hit, ...] | None, float]:
        index = await self.vector_index() if vector is not None else None
        if vector is None or index is None:
            return (), 0.0
        started = time.perf_counter()
        hits: tuple[Hit, ...] | None = None
        try:
            with stage("vector_search"):
                hits = await self._vectors.nearest(index, scope, vector, self._config.n_candidates)
        except VectorsUnavailable as error:
            # the words go on alone, and the answer is marked
            self._tell_vectors_away(error)
        return hits, (time.perf_counter() - started) * 1e3

    def _tell_vectors_away(self, error: VectorsUnavailable) -> None:
        """Log what every question meets while it lasts, once a minute."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _TOLD_AGAIN_S
            logger.warning("the vectors do not answer", exc_info=error)

    async def hydrate(self, scope: Scope, entry_ids: Sequence[int]) -> Mapping[int, Hydrated]:
        """Fetch the admitted candidates. Raises RetrievalUnavailable."""
        return await run_db(postgres.hydrate, scope, entry_ids)

    async def sentences(self, entry_ids: Sequence[int]) -> Mapping[int, Vectors]:
        """Return by entry the (n_sentences, dimension) vectors of candidates; nothing where they cannot be read."""
        index = self._vector_index
        if index is None or not entry_ids:
            return {}
        try:
            return await run_db(self._sentences_now, index, entry_ids)
        except VectorsUnavailable as error:
            self._tell_vectors_away(error)
            return {}

    def _sentences_now(self, index: VectorIndex, entry_ids: Sequence[int]) -> Mapping[int, Vectors]:
        found: dict[int, Vectors] = {}
        for row in postgres.packed_sentences(index, entry_ids, self._sentences.known(entry_ids)):
            kept = self._sentences.keep(row.entry_id, row.embedding_id, row.packed, index.dimension)
            if kept is not None:
                found[row.entry_id] = kept
        return found

    async def codes(self, scope: Scope) -> frozenset[str]:
        """Return the codes of the texts in scope, remembered until the index changes."""
        key = (scope, self.revision)
        if key not in self._codes:
            found = await run_db(postgres.codes_in_scope, scope)
            current = [entry for entry in self._codes.items() if entry[0][1] == self.revision]
            self._codes = dict(current[-_MAX_SCOPES:])
            self._codes[key] = found
        return self._codes[key]


def _telling(grams: Mapping[str, float], reader: LexicalReader) -> Mapping[str, float]:
    """Return the 4-grams worth looking up: of a large corpus the rarest, whose lists are short and tell the most.

    At 100,000 passages they bring nine of the ten that all of them bring, in half the time.
    """
    if reader.n_documents < _MANY_DOCUMENTS or len(grams) <= _MAX_RARE_GRAMS:
        return grams
    frequencies = reader.document_frequencies(list(grams), "grams")
    rarest = sorted(grams, key=lambda gram: (frequencies[gram], gram))[:_MAX_RARE_GRAMS]
    return {gram: grams[gram] for gram in rarest}
