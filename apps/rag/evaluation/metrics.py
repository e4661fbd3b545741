"""Retrieval measures with binary relevance. Pure formulas."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence


def recall_at(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Return the share of the relevant entries among the first k."""
    return len(set(ranked[:k]) & set(relevant)) / len(relevant)


def reciprocal_rank(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Return 1 / rank of the first relevant entry among the first k, or 0."""
    return next((1.0 / rank for rank, entry in enumerate(ranked[:k], start=1) if entry in relevant), 0.0)


def ndcg_at(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
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
