"""Retrieval measures with binary relevance. Pure formulas."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np


def recall_at(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return the share of the relevant entries among the first k."""
    return len(set(ranked[:k]) & set(relevant)) / len(relevant)


def reciprocal_rank(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return 1 / rank of the first relevant entry among the first k, or 0."""
    return next((1.0 / rank for rank, entry in enumerate(ranked[:k], start=1) if entry in relevant), 0.0)


def ndcg_at(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return nDCG@k (Järvelin and Kekäläinen, 2002) for relevance 0 or 1."""
    gain = sum(1.0 / math.log2(rank + 1) for rank, entry in enumerate(ranked[:k], start=1) if entry in relevant)
    ideal = sum(1.0 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return gain / ideal


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie (nearest rank), 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference with the bounds between which it lies in 95 of 100 resampled sets of questions."""

    difference: float
    low: float
    high: float


def paired_bootstrap(
    before: Sequence[float], after: Sequence[float], *, n_resamples: int = 10_000, seed: int = 0
) -> Interval:
    """Return the mean of after - before over the same questions with its 95 % percentile interval.

    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; the same seed gives the same bounds.
    """
    differences = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not differences.size:
        return Interval(0.0, 0.0, 0.0)
    # equal differences need to be drawn only as often as they occur: many questions, few distinct values
    values, counts = np.unique(differences, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(differences.size, counts / differences.size, size=n_resamples)
    low, high = np.percentile(drawn @ values / differences.size, (2.5, 97.5))
    return Interval(float(differences.mean()), float(low), float(high))
