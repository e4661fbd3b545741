"""Finds the weights of the ranking: those of the legs for the choice of candidates, and those of the signs for their
order.

The order's weights maximise the likelihood of the relevant candidates under a softmax over each question's candidates
(ListNet, Cao and others, 2007), each dataset weighing as the square root of its number, no weight below zero. Pure
formulas; the search that they are fitted on is `Engine.examine`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
import numpy.typing as npt

from apps.rag.calibration import FusionWeights, RerankWeights
from apps.rag.evaluation.metrics import mean, ndcg_at, recall_at, reciprocal_rank
from apps.rag.ports import Vectors
from apps.rag.retrieval.fusion import fuse_weighted
from apps.rag.types import Ranking

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# What the weights sum to: the preferences of config.py (an act that is named, a form of company) are on this scale.
TOTAL = 4.0
_STEPS = 400
_RATE = 0.05
_DECAY = 1e-3
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
_K = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """A question's candidates: signs (n, n_signs) in the order of RerankWeights' fields, what preferences add (n,), and
    which are relevant (n,); `gold` holds all relevant entries, candidates or not; `legs` their rankings."""

    dataset: str
    entry_ids: tuple[int, ...]
    signs: Vectors
    added: Vectors
    relevant: Flags
    gold: frozenset[int]
    legs: tuple[Ranking, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """Means of recall@10, MRR@10 and nDCG@10 over a dataset's questions."""

    recall: float
    mrr: float
    ndcg: float

    @property
    def mean(self) -> float:
        """The mean of the three, what the search for weights looks at."""
        return (self.recall + self.mrr + self.ndcg) / 3.0


def by_dataset(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Group samples by their dataset."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.dataset, []).append(sample)
    return groups


def rerank_fitted(samples: Sequence[Sample], usable: Sequence[str]) -> RerankWeights:
    """Return the weights that order the samples best, of the signs named in `usable`; they sum to TOTAL."""
    names = [each.name for each in fields(RerankWeights)]
    columns = [names.index(name) for name in usable]
    batches = [_batch(group, columns) for group in by_dataset(samples).values()]
    found = _ascend([batch for batch in batches if len(batch.signs)], len(columns))
    scaled = found * TOTAL / max(float(found.sum()), 1e-9)
    return RerankWeights(**dict(zip(usable, scaled.tolist(), strict=True)))


def rerank_quality(samples: Sequence[Sample], weights: RerankWeights) -> Quality:
    """Measure the order that weights give the samples' candidates."""
    vector = np.array([getattr(weights, each.name) for each in fields(RerankWeights)])
    rankings: list[list[int]] = []
    for sample in samples:
        scores = sample.signs @ vector + sample.added
        order = np.lexsort((np.array(sample.entry_ids), -scores))
        rankings.append([sample.entry_ids[place] for place in order])
    return _quality(rankings, samples)


def fusion_fitted(samples: Sequence[Sample], legs: Sequence[str]) -> FusionWeights:
    """Return the legs' weights, bm25's being 1, by the mean over datasets of the fused ranking's quality."""
    groups = by_dataset(samples)
    others = [leg for leg in legs if leg != "bm25"]
    choices = [FusionWeights(1.0, **{"dense": 0.0, **dict(zip(others, each, strict=True))})
               for each in product(_SHARES, repeat=len(others))]  # fmt: skip
    return max(choices, key=lambda weights: mean([fusion_quality(group, weights).mean for group in groups.values()]))


def fusion_quality(samples: Sequence[Sample], weights: FusionWeights) -> Quality:
    """Measure the fused ranking; its candidates beyond the tenth count as recall@100 in place of recall@10."""
    shares = {each.name: getattr(weights, each.name) for each in fields(FusionWeights)}
    fused = [[hit.entry_id for hit in fuse_weighted(sample.legs, shares, 100)][:100] for sample in samples]
    found = _quality(fused, samples)
    kept = mean([recall_at(ranking, sample.gold, 100) for ranking, sample in zip(fused, samples, strict=True)])
    return Quality(kept, found.mrr, found.ndcg)


def _quality(rankings: Sequence[Sequence[int]], samples: Sequence[Sample]) -> Quality:
    pairs = list(zip(rankings, samples, strict=True))
    return Quality(
        mean([recall_at(ranking, sample.gold, _K) for ranking, sample in pairs]),
        mean([reciprocal_rank(ranking, sample.gold, _K) for ranking, sample in pairs]),
        mean([ndcg_at(ranking, sample.gold, _K) for ranking, sample in pairs]),
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """A dataset's samples side by side, padded: signs (q, n, s), which are there (q, n), and the shares of the
    relevant ones (q, n); and what the dataset weighs: of few questions less, since they are learnt by heart sooner."""

    signs: Array
    there: Flags
    shares: Array
    weight: float


def _batch(samples: Sequence[Sample], columns: Sequence[int]) -> _Batch:
    found = [sample for sample in samples if sample.relevant.any()]
    width = max((len(sample.entry_ids) for sample in found), default=0)
    signs = np.zeros((len(found), width, len(columns)))
    there = np.zeros((len(found), width), dtype=np.bool_)
    shares = np.zeros((len(found), width))
    for place, sample in enumerate(found):
        n = len(sample.entry_ids)
        signs[place, :n] = sample.signs[:, columns]
        there[place, :n] = True
        shares[place, :n] = sample.relevant / sample.relevant.sum()
    return _Batch(signs, there, shares, math.sqrt(len(found)))


def _ascend(batches: Sequence[_Batch], n_signs: int) -> Array:
    """Return the weights after Adam's steps (Kingma and Ba, 2015), kept at or above zero."""
    total = sum(batch.weight for batch in batches)
    weights, first, second = np.full(n_signs, 0.5), np.zeros(n_signs), np.zeros(n_signs)
    for step in range(1, _STEPS + 1):
        slope = _DECAY * weights
        for batch in batches:
            slope = slope + _slope(batch, weights) * batch.weight / total
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        weights = weights - _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        weights = np.maximum(weights, 0.0)
    return weights


def _slope(batch: _Batch, weights: Array) -> Array:
    logits = np.where(batch.there, batch.signs @ weights, -1e9)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("qcs,qc->s", batch.signs, odds - batch.shares) / len(batch.signs))


def left_out(groups: Mapping[str, Sequence[Sample]], usable: Sequence[str]) -> dict[str, Quality]:
    """Measure each dataset with the weights that were found on all the others."""
    found: dict[str, Quality] = {}
    for name, samples in groups.items():
        others = [sample for other, group in groups.items() if other != name for sample in group]
        found[name] = rerank_quality(samples, rerank_fitted(others, usable))
    return found
