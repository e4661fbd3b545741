"""How well what was found answers what was asked: the score that decides whether Kauri answers at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from apps.rag import analysis

# Terms this far apart, small words not counted, still speak of one thing.
_NEAR = 4


@dataclass(frozen=True, slots=True)
class EvidenceSigns:
    """What the evidence score looks at.

    `coverage`: share of the question's idf that the best passage holds; `closeness`: share of its neighbouring terms
    that stand near each other there; `unknown`: share of it that no passage of the
    corpus holds; `sentence` and `dense`: best cosines, None without vectors.
    """

    coverage: float
    closeness: float
    unknown: float
    sentence: float | None
    dense: float | None


@dataclass(frozen=True, slots=True)
class EvidenceModel:
    """A logistic model over the signs, fitted on the development questions against questions of other
    fields (each side weighing the same), and checked by `rag_eval`."""

    bias: float
    coverage: float
    closeness: float
    unknown: float
    sentence: float
    dense: float

    def probability(self, signs: EvidenceSigns) -> float:
        """Return 0..1: how sure it is that the passages answer the question."""
        total = self.bias + self.coverage * signs.coverage + self.closeness * signs.closeness
        total += self.unknown * signs.unknown
        total += self.sentence * (signs.sentence or 0.0) + self.dense * (signs.dense or 0.0)
        return 1.0 / (1.0 + math.exp(-total))


WITH_VECTORS = EvidenceModel(bias=-2.45, coverage=5.1, closeness=0.1, unknown=0.0, sentence=0.5, dense=0.1)
LEXICAL_ONLY = EvidenceModel(bias=-2.2, coverage=4.3, closeness=1.9, unknown=-0.85, sentence=0.0, dense=0.0)


def idf(n_documents: int, frequency: int) -> float:
    """Return BM25's inverse document frequency (Lucene's form, never negative)."""
    return math.log(1.0 + (n_documents - frequency + 0.5) / (frequency + 0.5))


def lexical_signs(
    question_terms: Mapping[str, float],
    alternatives: Sequence[str],
    texts: Sequence[str],
    frequencies: Mapping[str, int],
    n_documents: int,
) -> tuple[float, float, float]:
    """Return (coverage, closeness, unknown) for a question's terms over the texts of the best passages.

    `alternatives` are lexicon terms: where a passage holds some of them, they count for half of what it lacks.
    """
    weights = {term: idf(n_documents, frequencies.get(term, 0)) * weight for term, weight in question_terms.items()}
    total = sum(weights.values())
    if not total:
        return 0.0, 0.0, 1.0
    unknown = sum(weight for term, weight in weights.items() if not frequencies.get(term, 0)) / total
    coverage = max((_coverage(weights, total, alternatives, text) for text in texts), default=0.0)
    return coverage, max((_closeness(weights, text) for text in texts), default=0.0), unknown


@lru_cache(maxsize=4_096)
def _terms(text: str) -> tuple[str, ...]:
    return tuple(analysis.terms(text))


def _coverage(weights: Mapping[str, float], total: float, alternatives: Sequence[str], text: str) -> float:
    held = frozenset(_terms(text))
    share = sum(weight for term, weight in weights.items() if term in held) / total
    if not alternatives:
        return share
    meant = sum(term in held for term in alternatives) / len(alternatives)
    return share + (1.0 - share) * 0.5 * meant


def _closeness(weights: Mapping[str, float], text: str) -> float:
    """Return the weighted share of the question's neighbouring terms that stand near each other in a text."""
    asked = list(weights)
    if len(asked) < 2:
        return 0.0
    places: dict[str, list[int]] = {}
    for place, term in enumerate(_terms(text)):
        if term in weights:
            places.setdefault(term, []).append(place)
    total = near = 0.0
    for left, right in pairwise(asked):
        weight = weights[left] + weights[right]
        total += weight
        if any(abs(a - b) <= _NEAR for a in places.get(left, ()) for b in places.get(right, ())):
            near += weight
    return near / total


def model_for(*, has_vectors: bool) -> EvidenceModel:
    """Return the model calibrated for what the engine has."""
    return WITH_VECTORS if has_vectors else LEXICAL_ONLY
