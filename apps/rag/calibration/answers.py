"""Models of whether what was found answers: which passage it is, and whether the best of them are worth quoting.

Both are logistic, over shares and cosines that keep their meaning when the ranking's weights change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

_SURE = 30.0  # beyond it a probability is 0 or 1 to the last digit, and further on `exp` overflows


@dataclass(frozen=True, slots=True)
class PassageSigns:
    """How a passage compares with the others found.

    `lead`: its lead over the best other one as a share of the best score, -1..1;
    `told`: 1 where its best words are the best;
    `apart`: how far its best words score above the best of the others', negative when behind; `words`: its BM25 score
    as a share of the best; `near`: the share of the others that stand beside it in the same text; `form`: 1 where it is
    about a form of company that the question names; `sentence`: the cosine of its best sentence, None without vectors.
    """

    lead: float = 0.0
    told: float = 0.0
    apart: float = 0.0
    words: float = 0.0
    near: float = 0.0
    form: float = 0.0
    sentence: float | None = None


@dataclass(frozen=True, slots=True)
class AnswerSigns:
    """What is known of the passages that would be quoted, taken together.

    `evidence`: of all that was found; `ahead`: how far the best by words is above the tenth, as a share; `rest`: how
    likely it is that a passage answers that would not be quoted. Of the likeliest passage: `says`: 1 where it says the
    kind of thing asked for; `form` as above; `best`: what its best words score; `spread`: the share of the question
    that all its words together hold, which several passages of one matter do; `met`: the share of what the question
    means in the texts' words that it says; `towards`: the cosine of its sentence nearest to an answer, 0 without
    vectors.
    """

    evidence: float = 0.0
    ahead: float = 0.0
    rest: float = 0.0
    says: float = 0.0
    form: float = 0.0
    best: float = 0.0
    spread: float = 0.0
    met: float = 0.0
    towards: float = 0.0


@dataclass(frozen=True, slots=True)
class PassageModel:
    """How sure it is, of one passage, that it answers."""

    bias: float = 0.0
    lead: float = 0.0
    told: float = 0.0
    apart: float = 0.0
    words: float = 0.0
    near: float = 0.0
    form: float = 0.0
    sentence: float = 0.0

    def probability(self, signs: PassageSigns) -> float:
        """Return 0..1."""
        return _logistic(self, signs)


@dataclass(frozen=True, slots=True)
class AnswerModel:
    """How sure it is that one of the passages quoted answers; the bias is such that 0.5 is where Kauri answers."""

    bias: float = 0.0
    evidence: float = 0.0
    ahead: float = 0.0
    rest: float = 0.0
    says: float = 0.0
    form: float = 0.0
    best: float = 0.0
    spread: float = 0.0
    met: float = 0.0
    towards: float = 0.0

    def probability(self, signs: AnswerSigns) -> float:
        """Return 0..1."""
        return _logistic(self, signs)


@dataclass(frozen=True, slots=True)
class AnswerModels:
    """Which passage answers, and whether the ones chosen do."""

    passage: PassageModel = field(default_factory=PassageModel)
    answer: AnswerModel = field(default_factory=AnswerModel)


def _logistic(model: PassageModel | AnswerModel, signs: Any) -> float:
    total = sum(getattr(model, each.name) * (getattr(signs, each.name) or 0.0) for each in fields(signs))
    return 1.0 / (1.0 + math.exp(max(-_SURE, min(_SURE, -model.bias - total))))
