"""Vectors through the shared cache: `embed:{hash of model, revision and text}`, float16 bytes."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from django.core.cache import caches

from apps.rag.ports import Embedder, Vectors

logger = logging.getLogger(__name__)

_SLOW_S = 0.2  # just below the time that an answer of it may take: what comes so late is no help
_PAUSE_S = 10.0
_LENGTH_TOLERANCE = 0.02  # float16 keeps three digits


def embed_key(embedder: Embedder, text: str) -> str:
    """Return the cache key of a text's vector by this model and these weights."""
    return "embed:" + hashlib.sha256(f"{embedder.name}\0{embedder.revision}\0{text}".encode()).hexdigest()


def embed_cached(embedder: Embedder, texts: Sequence[str], *, ttl_s: int, batch: int) -> Vectors:
    """Return (n_texts, dimension) vectors, computing only those that the cache does not hold, `batch` at a time.

    An absent cache is an empty one, and what is in it is believed only where it is a vector. Raises EmbedderFailed.
    """
    if not embedder.dimension:
        return embedder.embed(texts)
    keys = [embed_key(embedder, text) for text in texts]
    known = _vectors_in(_shared.get(set(keys)), embedder.dimension)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    # texts of like length together: a batch is padded to its longest
    wanted = sorted(missing, key=lambda key: len(missing[key]))
    for at in range(0, len(wanted), batch):
        some = wanted[at : at + batch]
        vectors = embedder.embed([missing[key] for key in some]).astype(np.float16)
        fresh = {key: vector.tobytes() for key, vector in zip(some, vectors, strict=True)}
        _shared.put(fresh, ttl_s)
        known.update(fresh)
    packed = b"".join(known[key] for key in keys)
    return np.frombuffer(packed, dtype=np.float16).reshape(len(texts), embedder.dimension).astype(np.float32)


def _vectors_in(found: Mapping[str, object], dimension: int) -> dict[str, bytes]:
    """Return those of the cached values that are unit vectors of this length."""
    width = dimension * np.dtype(np.float16).itemsize
    packed = {key: value for key, value in found.items() if isinstance(value, bytes) and len(value) == width}
    if not packed:
        return {}
    rows = np.frombuffer(b"".join(packed.values()), dtype=np.float16).reshape(-1, dimension).astype(np.float32)
    with np.errstate(invalid="ignore"):
        are_units = np.abs(np.linalg.norm(rows, axis=1) - 1.0) < _LENGTH_TOLERANCE
    return {key: value for (key, value), is_unit in zip(packed.items(), are_units, strict=True) if is_unit}


class _SharedCache:
    """The cache, left alone for some seconds whenever it does not answer in time."""

    def __init__(self) -> None:
        self._away_until_s = 0.0

    def get(self, keys: Collection[str]) -> Mapping[str, object]:
        """Return what is there; nothing when it is away, or when something in it cannot be read."""
        started_s = time.monotonic()
        if started_s < self._away_until_s:
            return {}
        try:
            found: Mapping[str, object] = caches["vectors"].get_many(keys)
        except Exception:
            logger.warning("the cache of vectors holds something unreadable", exc_info=True)
            found = {}
        self._time(started_s)
        return found

    def put(self, fresh: Mapping[str, bytes], ttl_s: int) -> None:
        """Keep vectors for `ttl_s` seconds, if the cache is there."""
        started_s = time.monotonic()
        if started_s >= self._away_until_s:
            caches["vectors"].set_many(dict(fresh), timeout=ttl_s)
            self._time(started_s)

    def _time(self, started_s: float) -> None:
        if time.monotonic() - started_s > _SLOW_S:
            logger.warning("the cache of vectors is slow: doing without for %d s", _PAUSE_S)
            self._away_until_s = time.monotonic() + _PAUSE_S


_shared = _SharedCache()
