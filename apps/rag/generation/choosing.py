"""Which of the passages found are quoted: as many as it takes to be fairly sure that one answers, or none."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.rag.analysis import terms
from apps.rag.generation.asked import Wanted
from apps.rag.generation.excerpts import Excerpt, Weights
from apps.rag.generation.forms import conflicts, speaks_of
from apps.rag.types import Passage, RankedPassage
from apps.rag.understanding.forms import named_forms

_MAX_CHOSEN = 3
_ENOUGH = 0.85  # sure enough to add nothing
_LEAST = 0.58  # of all that is quoted: below it Kauri says that it does not know
_TOLD_LEAST = 0.5  # where one says what alone would be an answer
_LEAD_LEAST = 0.3
_NAMED_LEAST = 0.1
_SIDES_LEAST = 0.28  # of the two likeliest passages of a comparison, of which none tells all
_WORTH_ADDING = 0.08
_BESIDE = 8  # passages of one text
_FEW_OTHERS = 5
_BETWEEN = re.compile(r"\bentre\b.+?\bet\b(?P<second>.+)")
_FRONT = re.compile(r"p\. \d+")
_FRONT_SHARE = 0.6  # of what a passage without an article is worth: it names much and rules nothing
_SIDE_SHARE = 0.7
_SIDE_SURE = 0.4  # of the one that tells one side, where nothing likely tells the other
_TELLS_BOTH = 0.85  # coverage at which one passage tells both sides


@dataclass(frozen=True, slots=True)
class AnswerModel:
    """A logistic model of whether a passage answers, by how it compares with the others found.

    `gap` is its lead over the best other one as a share of the best score; `excerpt`, `behind`: what its best words
    score, and how far behind the best of the others; `first`: whether it leads by its words; `near`: the share of the
    others that stand beside it in the same text; `sentence`: cosine of its best sentence; `evidence`: that of all that
    was found.
    """

    bias: float
    gap: float
    excerpt: float
    behind: float
    first: float
    near: float
    sentence: float
    evidence: float

    def probability(self, signs: AnswerSigns) -> float:
        """Return 0..1: how sure it is that the passage answers the question."""
        total = self.bias + self.gap * signs.gap + self.excerpt * signs.excerpt + self.behind * signs.behind
        total += self.first * signs.first + self.near * signs.near
        total += self.sentence * (signs.sentence or 0.0) + self.evidence * signs.evidence
        return 1.0 / (1.0 + math.exp(-total))


@dataclass(frozen=True, slots=True)
class AnswerSigns:
    """What the model looks at; `sentence` is None without vectors."""

    gap: float
    excerpt: float
    behind: float
    first: bool
    near: float
    sentence: float | None
    evidence: float


# Fitted on 1,000 questions on company law, arbitration, tax law, public services and data protection with their gold
# passages, and on 900 that none of the passages answers.
WITH_VECTORS = AnswerModel(
    bias=-3.1, gap=8.4, excerpt=0.15, behind=1.7, first=0.45, near=0.45, sentence=0.6, evidence=2.0
)
LEXICAL_ONLY = AnswerModel(
    bias=-3.0, gap=8.5, excerpt=0.2, behind=1.65, first=0.45, near=0.4, sentence=0.0, evidence=2.1
)


@dataclass(frozen=True, slots=True)
class Found:
    """The passages, best first, and the evidence, 0..1, that they answer."""

    passages: Sequence[RankedPassage]
    evidence: float


def chosen(asked: Wanted, found: Found, excerpts: Sequence[Excerpt], *, is_named: bool = False) -> list[Excerpt]:
    """Return the excerpts to quote, best first; none where even together they are too unlikely to answer.

    `is_named` tells that the question names the act that they come from: then less will do.
    """
    lead_least, least = (_NAMED_LEAST, _NAMED_LEAST) if is_named else (_LEAD_LEAST, _LEAST)
    least = min(least, _TOLD_LEAST) if asked.must_say else least
    worth_adding = _NAMED_LEAST / 2 if is_named else _WORTH_ADDING
    passages, sure = found.passages, _sure(found, excerpts)
    # Mostly one passage is meant: what all are worth together is at most certainty.
    whole = max(1.0, sum(sure.values()))
    kept: list[Excerpt] = []
    for candidate in sorted(excerpts, key=lambda e: (-sure[e.index], e.index)):
        is_enough = sum(sure[each.index] for each in kept) / whole >= _ENOUGH
        is_needed = not kept or (not is_enough and sure[candidate.index] >= worth_adding)
        if is_needed and _is_new(candidate, kept, passages) and not _conflicts(asked, candidate, passages):
            kept.append(candidate)
        if len(kept) == _MAX_CHOSEN:
            break
    is_likely = bool(kept) and sure[kept[0].index] >= lead_least
    is_told = not asked.must_say or any(each.says for each in kept)
    return kept if is_likely and is_told and sum(sure[each.index] for each in kept) >= least else []


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: the legal form it is about, "" where the sides are no forms, and its words."""

    form: str
    excerpt: Excerpt


def sides(asked: Wanted, found: Found, excerpts: Sequence[Excerpt], weights: Weights) -> list[Side]:
    """Choose the passages to compare: one for each legal form named, else the best and what adds most to it.

    [] where even the best are too unlikely to tell.
    """
    passages = found.passages
    forms: list[Side] = []
    for form in named_forms(asked.folded)[:_MAX_CHOSEN]:
        taken = [side.excerpt for side in forms]
        told = (e for e in excerpts if e not in taken and speaks_of(form, passages[e.index].passage))
        side = next(told, None)
        if side is not None:
            forms.append(Side(form, side))
    if len(forms) > 1:
        return forms
    sure = _sure(found, excerpts)
    ordered = sorted(excerpts, key=lambda e: (-sure[e.index], e.index))
    if not ordered or sum(sure[each.index] for each in ordered[:2]) < _SIDES_LEAST:
        return []
    best = ordered[0]
    near = [e for e in ordered[1:] if passages[e.index].score >= _SIDE_SHARE * passages[0].score]
    added = sorted(near, key=lambda e: -weights.share(e.found - best.found))[:1]
    is_open = sure[best.index] < _SIDE_SURE and not any(sure[each.index] >= _WORTH_ADDING for each in added)
    if is_open and not named_forms(asked.folded):
        return []
    kept = [best] if best.coverage >= _TELLS_BOTH else [best, *added]
    return [Side("", each) for each in kept] if _tell_both(asked, kept) else []


def _tell_both(asked: Wanted, kept: Sequence[Excerpt]) -> bool:
    """Tell whether the second thing compared is spoken of at all, where a question says "entre … et …"."""
    between = _BETWEEN.search(asked.folded)
    own = {term for term, weight in asked.weights if weight == 1.0}
    second = [term for term in terms(between["second"]) if term in own][:1] if between else []
    return not second or any(second[0] in each.found for each in kept)


def _sure(found: Found, excerpts: Sequence[Excerpt]) -> dict[int, float]:
    """Return how likely each excerpt is to answer, by its passage's index."""
    sure: dict[int, float] = {}
    for each in excerpts:
        signs = _signs(each, found, excerpts)
        model = LEXICAL_ONLY if signs.sentence is None else WITH_VECTORS
        share = _FRONT_SHARE if is_front(found.passages[each.index].passage) else 1.0
        sure[each.index] = share * model.probability(signs)
    return sure


def is_front(passage: Passage) -> bool:
    """Tell whether a passage is what stands before the first article of a law: its title and its recitals."""
    return passage.kind == "law" and _FRONT.fullmatch(passage.locator) is not None


def _signs(candidate: Excerpt, found: Found, excerpts: Sequence[Excerpt]) -> AnswerSigns:
    passages = found.passages
    scores = {each.index: passages[each.index].score for each in excerpts}
    others = [score for index, score in scores.items() if index != candidate.index]
    best = max([*scores.values(), 1e-9])
    best_words = max(each.score for each in excerpts)
    return AnswerSigns(
        gap=(scores[candidate.index] - max(others)) / best if others else 0.5,
        excerpt=candidate.score,
        behind=candidate.score - best_words,
        first=candidate.score >= best_words,
        near=_near(candidate, passages, excerpts),
        sentence=_leg("sentence", passages[candidate.index]),
        evidence=found.evidence,
    )


def _near(candidate: Excerpt, passages: Sequence[RankedPassage], excerpts: Sequence[Excerpt]) -> float:
    """Return the share of the other passages that stand beside one: where the matter is dealt with, so is its law."""
    own = passages[candidate.index].passage
    others = [passages[each.index].passage for each in excerpts if each is not candidate]
    beside = [p for p in others if p.version_id == own.version_id and abs(p.ordinal - own.ordinal) <= _BESIDE]
    return len(beside) / max(len(others), _FEW_OTHERS)


def _leg(leg: str, ranked: RankedPassage) -> float | None:
    return next((score for name, score in ranked.leg_scores if name == leg), None)


def _is_new(candidate: Excerpt, kept: Sequence[Excerpt], passages: Sequence[RankedPassage]) -> bool:
    locator = passages[candidate.index].passage.locator
    return all(passages[each.index].passage.locator != locator for each in kept)


def _conflicts(asked: Wanted, candidate: Excerpt, passages: Sequence[RankedPassage]) -> bool:
    return candidate.index > 0 and conflicts(asked.folded, passages[candidate.index].passage)
