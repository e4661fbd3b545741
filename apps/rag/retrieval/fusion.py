"""Joins the legs' rankings into one: calibrated min-max weights, or reciprocal ranks. Pure formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.rag.types import Hit, Ranking


def min_max(ranking: Ranking, n_pool: int) -> dict[int, float]:
    """Map the best `n_pool` scores of a leg to 0..1; a leg of equal scores says 1 for each."""
    pool = ranking.hits[:n_pool]
    if not pool:
        return {}
    low, high = min(hit.score for hit in pool), max(hit.score for hit in pool)
    width = high - low
    return {hit.entry_id: (hit.score - low) / width if width > 0 else 1.0 for hit in pool}


def fuse_weighted(rankings: Sequence[Ranking], weights: Mapping[str, float], n_pool: int) -> tuple[Hit, ...]:
    """Sum weighted min-max scores; an entry that a leg does not name gets 0 from it. Best first, ties by id."""
    total: dict[int, float] = {}
    for ranking in rankings:
        weight = weights.get(ranking.leg, 0.0)
        for entry_id, score in min_max(ranking, n_pool).items():
            total[entry_id] = total.get(entry_id, 0.0) + weight * score
    return ranked(total)


def fuse_reciprocal(rankings: Sequence[Ranking], rrf_k: int) -> tuple[Hit, ...]:
    """Sum 1 / (rrf_k + rank) over the legs (Cormack, Clarke and Büttcher, 2009). Best first, ties by id."""
    total: dict[int, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking.hits, start=1):
            total[hit.entry_id] = total.get(hit.entry_id, 0.0) + 1.0 / (rrf_k + rank)
    return ranked(total)


def ranked(scores: Mapping[int, float]) -> tuple[Hit, ...]:
    """Turn scores into hits, best first, ties by entry id."""
    return tuple(
        Hit(entry_id, score) for entry_id, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    )
