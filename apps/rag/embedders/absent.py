"""The embedder of an installation that wants none: retrieval is lexical only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apps.rag.ports import Vectors


class AbsentEmbedder:
    """Has no vectors to give."""

    name = "none"
    revision = ""
    dimension = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n_texts, 0): no dimension."""
        return np.zeros((len(texts), 0), dtype=np.float32)
