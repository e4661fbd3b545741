"""The cache of vectors: each computed once for a model and its weights, and nothing lost when it is down or wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from django.core.cache import caches
from django_redis import get_redis_connection

from apps.rag.embedders import cached
from apps.rag.embedders.cached import embed_cached, embed_key
from apps.rag.ports import Vectors
from apps.rag.tests.endpoints import silent_port, vector_of

TEXTS = ["le gérant", "la société", "le capital", "le bilan", "la TVA"]
DAY_S = 86_400


class CountingEmbedder:
    """Notes the batches that it was asked for."""

    dimension = 16

    def __init__(self, name: str = "counting", revision: str = "1") -> None:
        self.name, self.revision = name, revision
        self.batches: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n_texts, 16) unit rows."""
        self.batches.append(list(texts))
        rows = np.array([vector_of(text) for text in texts], dtype=np.float32)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


@pytest.fixture(autouse=True)
def _fresh_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(cached, "_shared", cached._SharedCache())
    caches["vectors"].clear()
    yield
    caches["vectors"].clear()


def embedded(embedder: CountingEmbedder, texts: Sequence[str] = TEXTS, batch: int = 10) -> Vectors:
    return embed_cached(embedder, texts, ttl_s=DAY_S, batch=batch)


def expected(texts: Sequence[str] = TEXTS) -> Vectors:
    return CountingEmbedder().embed(texts)


def test_a_text_is_computed_once() -> None:
    embedder = CountingEmbedder()
    np.testing.assert_allclose(embedded(embedder), expected(), atol=1e-3)
    np.testing.assert_allclose(embedded(embedder, [*TEXTS[::-1], "neuf"]), expected([*TEXTS[::-1], "neuf"]), atol=1e-3)
    assert [sorted(batch) for batch in embedder.batches] == [sorted(TEXTS), ["neuf"]]


def test_one_request_asks_for_each_text_once() -> None:
    embedder = CountingEmbedder()
    assert embedded(embedder, ["a", "b", "a", "a"]).shape == (4, 16)
    assert [sorted(batch) for batch in embedder.batches] == [["a", "b"]]


def test_the_model_gets_batches_of_the_size_asked_for() -> None:
    embedder = CountingEmbedder()
    embedded(embedder, [f"texte {number}" for number in range(23)], batch=10)
    assert [len(batch) for batch in embedder.batches] == [10, 10, 3]


@pytest.mark.parametrize("other", [CountingEmbedder("other"), CountingEmbedder(revision="2")])
def test_another_model_or_other_weights_have_vectors_of_their_own(other: CountingEmbedder) -> None:
    embedded(CountingEmbedder())
    embedded(other)
    assert len(other.batches) == 1
    assert len({embed_key(each, "a") for each in (CountingEmbedder(), other)}) == 2
    # a name that ends where the other's revision begins is not the other
    assert embed_key(CountingEmbedder("ab", "c"), "a") != embed_key(CountingEmbedder("a", "bc"), "a")


def test_what_is_kept_is_forgotten_one_day() -> None:
    embedded(CountingEmbedder(), TEXTS[:1])
    assert 0 < get_redis_connection("vectors").ttl(embed_key(CountingEmbedder(), TEXTS[0])) <= DAY_S


def half(vector: Vectors) -> bytes:
    return vector.astype(np.float16).tobytes()


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"too short",
        "text",
        42,
        None,
        {"a": 1},
        half(np.full(16, np.nan, dtype=np.float32)),
        half(np.full(16, np.inf, dtype=np.float32)),
        half(np.zeros(16, dtype=np.float32)),
        half(np.full(16, 0.5, dtype=np.float32)),
        half(np.ones(17, dtype=np.float32)),
    ],
)
def test_what_is_no_vector_is_computed_anew_and_mended(garbage: object) -> None:
    embedder = CountingEmbedder()
    embedded(embedder)
    caches["vectors"].set(embed_key(embedder, TEXTS[2]), garbage)
    np.testing.assert_allclose(embedded(embedder), expected(), atol=1e-3)
    np.testing.assert_allclose(embedded(embedder), expected(), atol=1e-3)
    assert embedder.batches[1:] == [[TEXTS[2]]]


@pytest.mark.parametrize("raw", [b"\x80\x05garbage", b"\x00\xff", b"cos\nnothing\n.", b"{}"])
def test_bytes_that_no_program_of_ours_wrote_are_survived(raw: bytes) -> None:
    embedder = CountingEmbedder()
    embedded(embedder)
    get_redis_connection("vectors").set(embed_key(embedder, TEXTS[0]), raw)
    np.testing.assert_allclose(embedded(embedder), expected(), atol=1e-3)
    n_batches = len(embedder.batches)
    np.testing.assert_allclose(embedded(embedder), expected(), atol=1e-3)
    assert len(embedder.batches) == n_batches


def without_cache(settings: Any, url: str) -> None:
    settings.CACHES = {**settings.CACHES, "vectors": {**settings.CACHES["vectors"], "LOCATION": url}}


def test_a_cache_that_is_down_costs_little_time_and_nothing_else(settings: Any) -> None:
    without_cache(settings, "redis://127.0.0.1:1/0")
    embedder = CountingEmbedder()
    started_s = time.monotonic()
    for _ in range(20):
        np.testing.assert_allclose(embedded(embedder), expected(), atol=1e-3)
    assert time.monotonic() - started_s < 2.0
    assert len(embedder.batches) == 20


def test_a_cache_that_hangs_is_waited_for_once_and_then_left_alone(settings: Any) -> None:
    with silent_port() as port:
        without_cache(settings, f"redis://127.0.0.1:{port}/0")
        embedder = CountingEmbedder()
        started_s = time.monotonic()
        for _ in range(20):
            np.testing.assert_allclose(embedded(embedder), expected(), atol=1e-3)
        assert time.monotonic() - started_s < 3.5
        assert len(embedder.batches) == 20


def test_a_cache_that_comes_back_is_used_again(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "_PAUSE_S", 0.1)
    embedder = CountingEmbedder()
    there = settings.CACHES
    with silent_port() as port:
        without_cache(settings, f"redis://127.0.0.1:{port}/0")
        embedded(embedder)
    settings.CACHES = there
    time.sleep(0.15)
    embedded(embedder)
    embedded(embedder)
    assert len(embedder.batches) == 2
