"""Best sentence: a passage is as near to a question as its nearest sentence."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

import numpy as np

from apps.rag.ports import Vectors
from apps.rag.retrieval.fusion import ranked
from apps.rag.types import Hit


class SentenceVectors:
    """The sentence vectors of the entries last asked for, so that PostgreSQL need not send them again.

    Keyed by embedding: an entry whose words changed has a new embedding. Bounded by bytes, since a passage has one
    sentence or fifty. Safe between threads.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._n_bytes = max_bytes, 0
        self._vectors: OrderedDict[int, Vectors] = OrderedDict()
        self._embedding_of: dict[int, int] = {}
        self._lock = threading.Lock()

    def known(self, entry_ids: Iterable[int]) -> list[int]:
        """Return the embedding ids that need not be fetched for these entries; they are the last to go."""
        with self._lock:
            ids = (self._embedding_of.get(entry_id) for entry_id in entry_ids)
            found = [embedding_id for embedding_id in ids if embedding_id is not None and embedding_id in self._vectors]
            for embedding_id in found:
                self._vectors.move_to_end(embedding_id)
            return found

    def keep(self, entry_id: int, embedding_id: int, packed: bytes | None, dimension: int) -> Vectors | None:
        """Keep what was fetched and return (n_sentences, dimension) float32; None when nothing is known."""
        if packed is None:
            with self._lock:
                return self._vectors.get(embedding_id)
        rows = np.frombuffer(packed, dtype=np.float16).reshape(-1, dimension).astype(np.float32)
        with self._lock:
            self._forget(embedding_id)
            self._vectors[embedding_id], self._n_bytes = rows, self._n_bytes + rows.nbytes
            self._embedding_of[entry_id] = embedding_id
            self._trim()
        return rows

    def _trim(self) -> None:
        while self._n_bytes > self._max_bytes and len(self._vectors) > 1:
            self._forget(next(iter(self._vectors)))
        if len(self._embedding_of) > 2 * len(self._vectors) + 1_000:
            self._embedding_of = {e: v for e, v in self._embedding_of.items() if v in self._vectors}

    def _forget(self, embedding_id: int) -> None:
        forgotten = self._vectors.pop(embedding_id, None)
        self._n_bytes -= forgotten.nbytes if forgotten is not None else 0


def best_sentences(vector: Vectors, of_entries: Mapping[int, Vectors]) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """Score each entry by the cosine to `vector` (dimension,) of its nearest sentence, and of its first. Best first."""
    filled = {entry_id: rows for entry_id, rows in of_entries.items() if len(rows)}
    if not filled:
        return (), ()
    sizes = np.array([len(rows) for rows in filled.values()])
    scores = np.concatenate(list(filled.values())) @ vector
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    best = np.maximum.reduceat(scores, starts)
    return _ranked_by(filled, best), _ranked_by(filled, scores[starts])


def _ranked_by(entry_ids: Iterable[int], scores: Vectors) -> tuple[Hit, ...]:
    return ranked(dict(zip(entry_ids, scores.tolist(), strict=True)))
