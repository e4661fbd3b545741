"""Formulas of fusion and measures on numbers worked out by hand."""

import math

import numpy as np
import pytest

from apps.rag.evaluation.metrics import ndcg_at, percentile, recall_at, reciprocal_rank
from apps.rag.rerankers.builtin import SentenceVectors, best_sentences
from apps.rag.retrieval.fusion import fuse_reciprocal, fuse_weighted, min_max
from apps.rag.types import Hit, Ranking


def ranking(leg: str, *scores: tuple[int, float]) -> Ranking:
    """Return a leg's ranking."""
    return Ranking(leg, tuple(Hit(entry_id, score) for entry_id, score in scores), 0.0)


def test_min_max_maps_the_pool_to_one_and_zero() -> None:
    assert min_max(ranking("bm25", (1, 10.0), (2, 6.0), (3, 2.0), (4, 1.0)), 3) == {1: 1.0, 2: 0.5, 3: 0.0}


def test_a_leg_of_one_hit_says_one() -> None:
    assert min_max(ranking("bm25", (7, 3.0)), 100) == {7: 1.0}


def test_weighted_fusion_sums_the_legs() -> None:
    legs = [ranking("bm25", (1, 4.0), (2, 2.0), (3, 0.0)), ranking("gram", (3, 9.0), (2, 0.0))]
    fused = fuse_weighted(legs, {"bm25": 1.0, "gram": 0.2}, 100)
    assert [(hit.entry_id, hit.score) for hit in fused] == [(1, 1.0), (2, 0.5), (3, 0.2)]


def test_reciprocal_rank_fusion_sums_inverse_ranks() -> None:
    fused = fuse_reciprocal([ranking("a", (1, 9.0), (2, 1.0)), ranking("b", (2, 5.0))], 60)
    assert fused[0].entry_id == 2
    assert fused[0].score == pytest.approx(1 / 62 + 1 / 61)


def test_ties_go_to_the_older_entry() -> None:
    assert [hit.entry_id for hit in fuse_reciprocal([ranking("a", (9, 1.0)), ranking("b", (3, 1.0))], 60)] == [3, 9]


def test_a_passage_is_as_near_as_its_nearest_sentence() -> None:
    vector = np.array([1.0, 0.0], dtype=np.float32)
    rows = {1: np.array([[0.0, 1.0], [0.6, 0.8]], dtype=np.float32), 2: np.array([[0.5, 0.5]], dtype=np.float32)}
    best, first = best_sentences(vector, rows)
    assert [(hit.entry_id, round(hit.score, 3)) for hit in best] == [(1, 0.6), (2, 0.5)]
    assert [(hit.entry_id, round(hit.score, 3)) for hit in first] == [(2, 0.5), (1, 0.0)]


def test_an_entry_without_sentences_has_no_score() -> None:
    assert best_sentences(np.ones(2, dtype=np.float32), {1: np.zeros((0, 2), dtype=np.float32)}) == ((), ())


def test_the_sentence_cache_forgets_what_was_asked_for_longest_ago() -> None:
    cache = SentenceVectors(2 * 8)  # two sentences of two numbers
    packed = np.ones((1, 2), dtype=np.float16).tobytes()
    for entry_id in (1, 2):
        assert cache.keep(entry_id, 10 + entry_id, packed, 2) is not None
    assert cache.known([1]) == [11]
    cache.keep(3, 13, packed, 2)
    assert cache.known([1, 2, 3]) == [11, 13]
    assert cache.keep(1, 11, None, 2) is not None
    assert cache.keep(2, 12, None, 2) is None


def test_the_sentence_cache_is_bounded_by_bytes() -> None:
    cache = SentenceVectors(1_000)
    for entry_id in range(3_000):
        n_sentences = 1 + entry_id % 20
        kept = cache.keep(entry_id, entry_id, np.ones((n_sentences, 4), dtype=np.float16).tobytes(), 4)
        assert kept is not None
        assert kept.shape == (n_sentences, 4)
        cache.keep(entry_id, entry_id, np.ones((1, 4), dtype=np.float16).tobytes(), 4)  # the same again, shorter
    held = cache._vectors
    assert sum(rows.nbytes for rows in held.values()) == cache._n_bytes <= 1_000
    assert len(cache._embedding_of) < 1_500


def test_measures_by_hand() -> None:
    assert recall_at([5, 1, 9], {1, 2}, 2) == 0.5
    assert reciprocal_rank([5, 1, 9], {1}, 10) == 0.5
    assert ndcg_at([5, 1], {1}, 10) == pytest.approx(1 / math.log2(3))
    assert percentile([1, 2, 3, 4], 0.5) == 2
