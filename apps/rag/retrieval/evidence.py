"""How well what was found answers what was asked: the score that decides whether Kauri answers at all."""

from __future__ import annotations

from collections.abc import Sequence

from apps.rag.calibration import EvidenceSigns
from apps.rag.config import RagConfig
from apps.rag.retrieval.fit import Fit, Probe, fit
from apps.rag.types import RankedPassage
from apps.rag.understanding.domain import Belonging

# The passages whose words may carry the evidence; further down, a match is chance.
_READ = 3
_ONE_WORD = 0.5


def signs_of(probe: Probe, passages: Sequence[RankedPassage], belonging: Belonging) -> EvidenceSigns:
    """Read the signs from the first passages."""
    first = passages[:_READ]
    found: list[Fit] = [fit(probe, ranked.passage) for ranked in first]
    sentences = [score for ranked in first for leg, score in ranked.leg_scores if leg == "sentence"]
    # one word that is not of the field stands in some text by chance
    worth = 1.0 if len(probe.weights) > 1 or belonging.own or belonging.shared else _ONE_WORD
    return EvidenceSigns(
        coverage=worth * max((each.coverage for each in found), default=0.0),
        window=worth * max((each.window for each in found), default=0.0),
        titled=max((each.titled for each in found), default=0.0),
        unknown=probe.unknown,
        own=belonging.own,
        shared=belonging.shared,
        sentence=max(sentences, default=None),
    )


def evidence_of(signs: EvidenceSigns, config: RagConfig) -> float:
    """Return the evidence, 0..1, by the model calibrated for what the engine has."""
    return (config.lexical_evidence if signs.sentence is None else config.evidence).probability(signs)
