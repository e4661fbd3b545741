"""Vectors through the shared cache: `embed:{hash of model and text}`, float16 bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from django.core.cache import cache

from apps.rag.ports import Embedder, Vectors

# The model runs on some dozens of texts at a time: longer batches only pad more.
_MODEL_BATCH = 32


def embed_key(embedder_name: str, text: str) -> str:
    """Return the cache key of a text's vector."""
    return "embed:" + hashlib.sha256(f"{embedder_name}\0{text}".encode()).hexdigest()


def embed_cached(embedder: Embedder, texts: Sequence[str], *, ttl_s: int) -> Vectors:
    """Return (n_texts, dimension) vectors, computing only those that the cache does not hold.

    An absent cache is an empty one. Raises EmbedderFailed.
    """
    keys = [embed_key(embedder.name, text) for text in texts]
    width = embedder.dimension * 2
    known: dict[str, bytes] = {k: v for k, v in cache.get_many(set(keys)).items() if len(v) == width}
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    # texts of like length together: a batch is padded to its longest
    wanted = sorted(missing, key=lambda key: len(missing[key]))
    for at in range(0, len(wanted), _MODEL_BATCH):
        batch = wanted[at : at + _MODEL_BATCH]
        vectors = embedder.embed([missing[key] for key in batch]).astype(np.float16)
        fresh = {key: vector.tobytes() for key, vector in zip(batch, vectors, strict=True)}
        cache.set_many(fresh, timeout=ttl_s)
        known.update(fresh)
    packed = b"".join(known[key] for key in keys)
    return np.frombuffer(packed, dtype=np.float16).reshape(len(texts), embedder.dimension).astype(np.float32)
