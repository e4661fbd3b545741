"""How well what was found answers what was asked: the score that decides whether Kauri answers at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apps.rag import analysis
from apps.rag.calibration import EvidenceSigns
from apps.rag.config import RagConfig
from apps.rag.retrieval.fit import Probe, Slips, fit
from apps.rag.types import RankedPassage, Ranking
from apps.rag.understanding.accountsasked import is_account_meant
from apps.rag.understanding.acts import acts_mentioned
from apps.rag.understanding.domain import own_terms
from apps.rag.understanding.framewords import judging_weight
from apps.rag.understanding.spelling import spelt
from kauri.lib.text import fold

# The passages whose words may carry the evidence; further down, a match is chance.
_READ = 3
# Those that tell whether a matter is dealt with at all, and where: ten that stand apart met by chance.
_AROUND = 8
_BESIDE = 9
_NEAR = 12  # passages of one text
_MANY = 8  # terms of a question: so many that meet in one place do not meet by chance


def signs_of(
    standalone: str, probe: Probe, passages: Sequence[RankedPassage], rankings: Sequence[Ranking]
) -> EvidenceSigns:
    """Read the signs from the question, the first passages, and how the best by words stands above the next."""
    probe = _beside_acts(probe, standalone)
    fits = [fit(probe, ranked.passage) for ranked in passages[:_AROUND]]
    sentences = [score for ranked in passages[:_READ] for leg, score in ranked.leg_scores if leg == "sentence"]
    n_terms = len(probe.weights)
    known = sum(weight for weight in probe.weights.values() if weight < probe.rarest)
    return EvidenceSigns(
        matched=min(1.0, max((each.window for each in fits[:_READ]), default=0.0) * n_terms / _MANY),
        around=sum(each.window for each in fits) / max(1, len(fits)),
        near=_near(passages),
        ahead=_ahead(rankings),
        # what no passage holds is rare, and speaks for none
        rarity=known / (n_terms * probe.rarest) if n_terms else 0.0,
        topic=_own(probe) * max((each.titled for each in fits[:_READ]), default=0.0),
        account=fits[0].window if passages and passages[0].passage.plan and is_account_meant(fold(standalone)) else 0.0,
        sentence=max(sentences, default=None),
    )


def evidence_of(signs: EvidenceSigns, config: RagConfig) -> float:
    """Return the evidence, 0..1, by the model calibrated for what the engine has."""
    return (config.lexical_evidence if signs.sentence is None else config.evidence).probability(signs)


def _beside_acts(probe: Probe, standalone: str) -> Probe:
    """Leave out the words that name an act: it is another stage's to see that it answers, and few passages say them."""
    mentions = acts_mentioned(standalone)
    if not mentions:
        return probe
    rest = fold(spelt(standalone))
    for mention in reversed(mentions):
        rest = f"{rest[: mention.start]} {rest[mention.end :]}"
    said = frozenset(analysis.terms(rest))
    weights = {term: weight for term, weight in probe.weights.items() if term in said}
    if not any(judging_weight(term) == 1.0 for term in weights):
        return probe
    forms = tuple(
        (left, form) for asked, form in probe.forms if (left := tuple(term for term in asked if term in weights))
    )
    return replace(probe, weights=weights, forms=forms, slips=Slips(weights), total=sum(weights.values()))


def _own(probe: Probe) -> float:
    """Return the share of a question's words, but for those that only frame it, that are of the field alone."""
    words = [term for term in probe.weights if judging_weight(term) == 1.0]
    return len(own_terms().intersection(words)) / max(1, len(words))


def _near(passages: Sequence[RankedPassage]) -> float:
    """Return the share of the next passages that stand beside the first in its text."""
    if len(passages) < 2:
        return 0.0
    first, others = passages[0].passage, [ranked.passage for ranked in passages[1 : 1 + _BESIDE]]
    beside = [p for p in others if p.version_id == first.version_id and abs(p.ordinal - first.ordinal) <= _NEAR]
    return len(beside) / len(others)


def _ahead(rankings: Sequence[Ranking]) -> float:
    """Return how far the best passage by words is above the tenth, as a share of its score."""
    scores = next(([hit.score for hit in ranking.hits[:10]] for ranking in rankings if ranking.leg == "bm25"), [])
    return (scores[0] - scores[-1]) / scores[0] if scores and scores[0] > 0 else 0.0
