"""Which of the passages found are quoted: as many as it takes to be fairly sure that one answers, or none.

A first model tells which passage it is that answers, a second one whether those that are chosen do; both are fitted by
`manage.py rag_calibrate`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from apps.rag.analysis import terms
from apps.rag.calibration.answers import AnswerModels, AnswerSigns, PassageModel, PassageSigns
from apps.rag.generation.asked import Wanted
from apps.rag.generation.excerpts import Excerpt, heading_terms, terms_of
from apps.rag.generation.forms import conflicts, forms_of, heading_forms, named_in, speaks_of
from apps.rag.generation.things import defined, defining, forms_defined
from apps.rag.types import Passage, RankedPassage, SearchResult
from apps.rag.understanding.compared import things_compared
from apps.rag.understanding.forms import named_forms

MAX_CHOSEN = 4
_ENOUGH = 0.9  # sure enough to add nothing
_LEAST = 0.5  # of all that is quoted: below it Kauri says that it does not know
_TOLD_LEAST = 0.4  # where one says what alone would be an answer
_NAMED_LEAST = 0.15  # where the act is named that they come from: what it says is asked for
_SIDES_LEAST = 0.3  # of a comparison, of which no passage tells all
_DEFINED_LEAST = 0.2  # where a passage says what the thing is whose meaning is asked for
_WORTH_ADDING = 0.03
_TOGETHER = 0.65  # how likely several passages are to hold an answer between them, at which less certainty will do
_TOGETHER_LEAST = 0.35
_SIDE_SHARE = 0.6  # of what the best passage on a form is worth, at which another one is quoted beside it
_LEVEL_SHARE = 0.99  # of what the likeliest passage is worth, at which another one is as likely
_CLEAR = 4.0  # times as likely as the next passage: then it is the one that is meant
_BESIDE = 8  # passages of one text
_FEW_OTHERS = 5
_N_AHEAD = 10
_MOSTLY_AHEAD = 0.5  # where a few texts are all that there is, or words were not sought
_ALONE = 0.5  # the lead of the only one
_BETWEEN = re.compile(r"\bentre\b.+?\bet\b(?P<second>.+)")
_TASK = re.compile(r"(?i)\b(?:travail [àa] faire|t\.?a\.?f\.? ?:|(?:on|il) vous (?:est )?demande)")
_FRONT = re.compile(r"p\. \d+")
_FRONT_SHARE = 0.6  # of what a passage without an article is worth: it names much and rules nothing


@dataclass(frozen=True, slots=True)
class Found:
    """The passages, best first, the evidence, 0..1, that they answer, and how far ahead the best by words is."""

    passages: Sequence[RankedPassage]
    evidence: float
    ahead: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be quoted, as the models see it.

    `is_barred` tells that it is about another form than the question, `is_own` that it is about the one form that the
    question names, `is_shared` that it sets that form beside others.
    """

    index: int
    signs: PassageSigns
    says: float
    best: float
    spread: float
    met: float
    towards: float
    is_front: bool
    is_barred: bool
    is_own: bool
    is_shared: bool


def found_in(result: SearchResult) -> Found:
    """Return what a search found, as it is looked at here."""
    hits = next((ranking.hits[:_N_AHEAD] for ranking in result.rankings if ranking.leg == "bm25"), ())
    is_known = len(hits) == _N_AHEAD and hits[0].score > 0
    ahead = (hits[0].score - hits[-1].score) / hits[0].score if is_known else _MOSTLY_AHEAD
    return Found(result.passages, result.evidence, ahead)


def chosen(
    asked: Wanted, found: Found, excerpts: Sequence[Excerpt], models: AnswerModels, *, is_named: bool = False
) -> list[Excerpt]:
    """Return the excerpts to quote, best first; none where even together they are too unlikely to answer.

    `is_named` tells that the question names the act that they come from: then less will do.
    """
    candidates = candidates_of(asked, found, excerpts)
    likely = likelihoods(candidates, models.passage)
    candidates, likely = _without_barred_first(candidates, likely)
    least = _NAMED_LEAST if is_named else _TOLD_LEAST if asked.must_say else _LEAST
    if least == _LEAST and _are_likely_together(candidates, likely):
        least = _TOGETHER_LEAST
    said = _saying_what_it_is(asked, found, by_likelihood(likely))
    if said is not None:
        likely, least = {**likely, said: 1.0}, _DEFINED_LEAST
    if not candidates or models.answer.probability(answer_signs(candidates, likely, found)) < least:
        return []
    kept: list[Excerpt] = []
    by_index = {each.index: each for each in excerpts}
    is_clear, indexes = _is_clear(likely), picked(candidates, likely)
    for index in _speaking_of_it(asked, indexes, found.passages) if is_clear else indexes:
        if _is_new(by_index[index], kept, found.passages):
            kept.append(by_index[index])
    if asked.kind == "threshold" and kept and kept[0].says and is_clear:
        # the figure asked for is said: what says none beside it answers nothing
        kept = [each for each in kept if each.says]
    is_told = not asked.must_say or any(each.says for each in kept)
    return kept if is_told else []


def _speaking_of_it(asked: Wanted, indexes: Sequence[int], passages: Sequence[RankedPassage]) -> list[int]:
    """Leave out of the passages to quote those on another thing of the kind than the first one is on.

    Only where no text says it in the question's words: "femme enceinte", the texts' name for who takes a "congé de
    maternité", tells what is said of that from what is said of any "congé".
    """
    held = {index: terms_of(passages[index].passage) | heading_terms(passages[index].passage) for index in indexes}
    kept = list(indexes)
    for said, forms in zip(asked.said, asked.meant, strict=True):
        speaking = [index for index in indexes if any(held[index].issuperset(form) for form in forms)]
        is_said = len(said) < 2 or any(held[index].issuperset(said) for index in indexes)
        if speaking[:1] == list(indexes[:1]) and not is_said:
            kept = [index for index in kept if index in speaking or said[0] not in held[index]]
    return kept


def _is_clear(likely: Mapping[int, float]) -> bool:
    first, second = sorted((*likely.values(), 0.0, 0.0), reverse=True)[:2]
    return first >= _CLEAR * second


def _without_barred_first(
    candidates: Sequence[Candidate], likely: Mapping[int, float]
) -> tuple[tuple[Candidate, ...], dict[int, float]]:
    """Judge by what may be quoted where what looks likeliest may not: the capital of the SA tells none of the SAS."""
    first = min(candidates, key=lambda each: (-likely[each.index], each.index), default=None)
    is_barred = first is not None and first.is_barred
    left = tuple(each for each in candidates if not (is_barred and each.is_barred))
    return left, {each.index: likely[each.index] for each in left}


def _are_likely_together(candidates: Sequence[Candidate], likely: Mapping[int, float]) -> bool:
    """Tell whether what would be quoted holds an answer, though no passage of it alone is likely to."""
    misses = [1.0 - likely[index] for index in picked(candidates, likely)]
    return len(misses) > 1 and math.prod(misses) <= 1.0 - _TOGETHER


def candidates_of(asked: Wanted, found: Found, excerpts: Sequence[Excerpt]) -> tuple[Candidate, ...]:
    """Read the signs of the passages that excerpts were taken from."""
    passages = found.passages
    scores = {each.index: passages[each.index].score for each in excerpts}
    words = {each.index: _leg("bm25", passages[each.index]) or 0.0 for each in excerpts}
    top, most_words = max([*scores.values(), 1e-9]), max([*words.values(), 1e-9])
    forms = frozenset(named_forms(asked.folded))
    is_told = any(forms.intersection(named_in(ranked.passage)) for ranked in passages)
    made: list[Candidate] = []
    for each in excerpts:
        passage = passages[each.index].passage
        others = [other for other in excerpts if other is not each]
        behind = each.score - max((other.score for other in others), default=each.score - _ALONE)
        signs = PassageSigns(
            lead=_lead(scores[each.index], [scores[o.index] for o in others], top),
            told=float(behind >= 0.0),
            apart=behind,
            words=words[each.index] / most_words,
            near=_near(each, passages, excerpts),
            form=float(bool(forms and forms.intersection(forms_of(passage)))),
            sentence=_leg("sentence", passages[each.index]),
        )
        may_be_meant = each.index == 0 and is_told  # what comes first says more than which form it is about
        is_barred = (conflicts(asked.folded, passage) and not may_be_meant) or is_exercise(passage.text)
        made.append(
            Candidate(
                index=each.index,
                signs=signs,
                says=float(each.says),
                best=each.score,
                spread=each.coverage,
                met=_met(asked, passage),
                towards=_leg("answer", passages[each.index]) or 0.0,
                is_front=is_front(passage),
                is_barred=is_barred,
                is_own=len(forms) == 1 and forms == set(forms_of(passage)),
                is_shared=len(forms) == 1 and forms < set(heading_forms(passage)),
            )
        )
    return tuple(made)


def _lead(own: float, others: Sequence[float], top: float) -> float:
    """Return a passage's lead as a share of the best score: within -1..1, since where maluses leave none above zero
    a share says nothing."""
    return max(-1.0, min(1.0, (own - max(others)) / top)) if others else _ALONE


def likelihoods(candidates: Sequence[Candidate], model: PassageModel) -> dict[int, float]:
    """Return how likely each candidate is to answer, by its passage's index."""
    return {each.index: (_FRONT_SHARE if each.is_front else 1.0) * model.probability(each.signs) for each in candidates}


def picked(candidates: Sequence[Candidate], likely: Mapping[int, float]) -> list[int]:
    """Return the indexes of the candidates to quote, likeliest first: the more open it is, the more of them."""
    # Mostly one passage is meant: what all are worth together is at most certainty.
    whole = max(1.0, sum(likely.values()))
    kept: list[int] = []
    has_own = False  # what says it of the form asked for says it all: beside it, a comparison tells of others
    for each in sorted(candidates, key=lambda e: (-likely[e.index], e.index)):
        is_enough = sum(likely[index] for index in kept) / whole >= _ENOUGH
        is_needed = not kept or (not is_enough and likely[each.index] >= _WORTH_ADDING)
        is_barred = each.is_barred or (has_own and each.is_shared)
        if is_needed and not is_barred and len(kept) < MAX_CHOSEN:
            has_own = has_own or (not kept and each.is_own)
            kept.append(each.index)
    return kept


def by_likelihood(likely: Mapping[int, float]) -> list[int]:
    """Return the indexes of the candidates, likeliest first."""
    return sorted(likely, key=lambda index: (-likely[index], index))


def answer_signs(candidates: Sequence[Candidate], likely: Mapping[int, float], found: Found) -> AnswerSigns:
    """Read the signs of an answer that quotes the likeliest of the candidates.

    Which of several is ahead by a hair is chance, and other texts in the corpus change it: of those the one speaks for
    the answer that comes nearest to one.
    """
    level = _LEVEL_SHARE * max(likely.values())
    first = max(
        (each for each in candidates if likely[each.index] >= level), key=lambda each: (each.towards, -each.index)
    )
    return AnswerSigns(
        evidence=found.evidence,
        ahead=found.ahead,
        rest=sum(sorted(likely.values(), reverse=True)[MAX_CHOSEN:]),
        says=first.says,
        form=first.signs.form,
        best=first.best,
        spread=first.spread,
        met=first.met,
        towards=first.towards,
    )


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: the legal form it is about, "" where the sides are no forms, and its words."""

    form: str
    excerpt: Excerpt


def sides(asked: Wanted, found: Found, excerpts: Sequence[Excerpt], models: AnswerModels) -> list[Side]:
    """Choose the passages to compare: the likeliest for each legal form named, else the likeliest of all.

    [] where even the best are too unlikely to tell.
    """
    candidates = candidates_of(asked, found, excerpts)
    likely = likelihoods(candidates, models.passage)
    by_index = {each.index: each for each in excerpts}
    ordered = by_likelihood(likely)
    if of_forms := forms_defined(asked.folded, [ranked.passage.text for ranked in found.passages]):
        return [Side(form, by_index.get(index) or _whole(found, index)) for form, index in of_forms.items()]
    by_form = _by_form(asked, found, likely)
    if len(by_form) > 1:
        of_all = [index for index in ordered if by_form.keys() <= set(forms_of(found.passages[index].passage))][:1]
        told = [("", index) for index in of_all]
        told += [(form, index) for form, indexes in by_form.items() for index in indexes]
        return [Side(form, by_index[index]) for form, index in told[:MAX_CHOSEN]]
    if defined := _defined(asked, found, ordered):
        return [Side("", by_index[index]) for index in defined]
    if not candidates or models.answer.probability(answer_signs(candidates, likely, found)) < _SIDES_LEAST:
        return []
    kept = [by_index[index] for index in ordered[:MAX_CHOSEN]]
    return [Side("", each) for each in kept] if _tell_both(asked, found, kept) else []


def _saying_what_it_is(asked: Wanted, found: Found, ordered: Sequence[int]) -> int | None:
    """Return the passage that says what the thing is whose meaning is asked for, None where none does."""
    if asked.kind != "definition":
        return None
    return defined(asked.folded, [(index, found.passages[index].passage.text) for index in ordered])


def _whole(found: Found, index: int) -> Excerpt:
    return Excerpt(index, ((0, len(found.passages[index].passage.text)),), 1.0, 1.0)


def _by_form(asked: Wanted, found: Found, likely: Mapping[int, float]) -> dict[str, list[int]]:
    """Return for each form compared the passages about it to quote, the best one first.

    What two forms have in parallel is worded alike: of a pair it counts how likely both are and how much they share.
    """
    passages = {index: found.passages[index].passage for index in likely}
    held = {index: terms_of(passage) for index, passage in passages.items()}
    about = {
        form: own
        for form in named_forms(asked.folded)[:MAX_CHOSEN]
        if (own := [index for index in likely if speaks_of(form, passages[index])])
    }

    def worth(index: int, others: Sequence[int]) -> float:
        return max(likely[index] * likely[other] * _alike(held[index], held[other]) for other in others)

    chosen_by: dict[str, list[int]] = {}
    for form, own in about.items() if len(about) > 1 else ():
        others = [index for other, indexes in about.items() if other != form for index in indexes]
        worths = {index: worth(index, others) for index in own}
        best = sorted(own, key=lambda index: (-worths[index], index))[: MAX_CHOSEN // len(about)]
        chosen_by[form] = [index for index in best if worths[index] >= _SIDE_SHARE * worths[best[0]]]
    return chosen_by


def _alike(left: AbstractSet[str], right: AbstractSet[str]) -> float:
    return len(left & right) / max(1, len(left | right))


def _defined(asked: Wanted, found: Found, ordered: Sequence[int]) -> list[int]:
    """Return the passages that say what each of the two things compared is, [] where not both are said."""
    texts = [(index, found.passages[index].passage.text) for index in ordered]
    said = [defining(thing, texts) for thing in things_compared(asked.folded)]
    return list(dict.fromkeys(index for index in said if index is not None)) if said and None not in said else []


def _tell_both(asked: Wanted, found: Found, kept: Sequence[Excerpt]) -> bool:
    """Tell whether the second thing compared is spoken of at all, where a question says "entre … et …".

    In one passage, with the word that it begins with: what says OHADA here and "règlement" there tells nothing of "un
    règlement OHADA".
    """
    between = _BETWEEN.search(asked.folded)
    if between is None:
        return True
    own = {term for term, weight in asked.weights if weight == 1.0}
    of_second = terms(between["second"])
    second = {*of_second[:1], *[term for term in of_second if term in own][:1]}
    return any(second <= terms_of(found.passages[each.index].passage) for each in kept)


@lru_cache(maxsize=4_096)
def is_exercise(text: str) -> bool:
    """Tell whether a passage sets a task, as a course does: it asks and answers nothing."""
    return _TASK.search(text) is not None


def is_front(passage: Passage) -> bool:
    """Tell whether a passage is what stands before the first article of a law: its title and its recitals."""
    return passage.kind == "law" and _FRONT.fullmatch(passage.locator) is not None


def _near(candidate: Excerpt, passages: Sequence[RankedPassage], excerpts: Sequence[Excerpt]) -> float:
    """Return the share of the other passages that stand beside one: where the matter is dealt with, so is its law."""
    own = passages[candidate.index].passage
    others = [passages[each.index].passage for each in excerpts if each is not candidate]
    beside = [p for p in others if p.version_id == own.version_id and abs(p.ordinal - own.ordinal) <= _BESIDE]
    return len(beside) / max(len(others), _FEW_OTHERS)


def _met(asked: Wanted, passage: Passage) -> float:
    """Return the share of what a question means in the texts' words that a passage or its headings say."""
    held = terms_of(passage) | heading_terms(passage)
    return sum(any(held.issuperset(form) for form in forms) for forms in asked.meant) / max(1, len(asked.meant))


def _leg(leg: str, ranked: RankedPassage) -> float | None:
    return next((score for name, score in ranked.leg_scores if name == leg), None)


def _is_new(candidate: Excerpt, kept: Sequence[Excerpt], passages: Sequence[RankedPassage]) -> bool:
    locator = passages[candidate.index].passage.locator
    return all(passages[each.index].passage.locator != locator for each in kept)
