"""Choosing the words of a passage that answer a question."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from apps.rag.analysis import terms
from apps.rag.generation.asked import Wanted
from apps.rag.generation.numbers import mentions
from apps.rag.generation.paragraphs import filled_up
from apps.rag.generation.parts import POINTS_BACK, Part, parts_of
from apps.rag.generation.sentences import Sentence
from apps.rag.types import Passage

_DEFINES = re.compile(
    r"\best (?:un|une|la|le|l'|celle|celui|constitue|definie?|dite?)\b|\bdesigne|\bs'entend|\bentend par\b"
    r"|\bsont (?:des|les)\b"
    r"|\bconsiste\b|\bconstitue|\ba pour (?:objet|but)|\bsont considere"
)
_LIST_INTRODUCTION = re.compile(r":\s*(?:\n|\Z)")
_NEIGHBOUR_SHARE = 0.6
_MIN_GAIN = 0.12
_NEAR_GAIN = 0.04  # what stands beside the chosen words is worth this much more
_LIST_ALLOWANCE = 2.5
_HEADED_WEIGHT = 0.4  # of a word that the passage's headings say already: all of its sentences are about it
_RULE_FIRST = 0.05  # the rule comes first, exceptions after it
_MAX_SUBJECT = 3  # terms of a subject beyond the question's
_MIN_BARS = 4  # of a table worth quoting whole


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Half-open ranges of a passage's text, in reading order, that are quoted together.

    `score` compares excerpts of one question; `coverage` is the weighted share (0..1) of its words found, `found`
    are the terms quoted; `says` tells whether the passage says the kind of thing that is asked for.
    """

    index: int
    ranges: tuple[tuple[int, int], ...]
    score: float
    coverage: float
    says: bool = False
    found: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weights:
    """Importance of the question's terms among the passages at hand: rare ones weigh more."""

    terms: dict[str, float]
    total: float

    def share(self, found: AbstractSet[str]) -> float:
        """Return the weighted share, 0..1, of the question's terms among those found."""
        return sum(weight for term, weight in self.terms.items() if term in found) / self.total


def weigh(wanted: Wanted, passages: Sequence[Passage]) -> Weights:
    """Weigh a question's terms by how few of the passages hold them, ln(1 + n / (1 + df))."""
    frequency: Counter[str] = Counter()
    for passage in passages:
        frequency.update(terms_of(passage))
    weighed = {
        term: weight * math.log(1 + len(passages) / (1 + frequency[term]))
        for term, weight in wanted.weights
        if frequency[term]
    }
    own = {term: weight * math.log(1 + len(passages)) for term, weight in wanted.weights if not frequency[term]}
    return Weights(weighed, sum(weighed.values()) + 0.5 * sum(own.values()) or 1.0)


def terms_of(passage: Passage) -> frozenset[str]:
    """Return the index terms of all that may be quoted from a passage."""
    return _quotable_terms(passage.text)


# asked for three times in one answer, and again in the next ones
@lru_cache(maxsize=4_096)
def _quotable_terms(text: str) -> frozenset[str]:
    return frozenset[str]().union(*(part.terms for part in parts_of(text)))


def heading_terms(passage: Passage) -> frozenset[str]:
    """Return the index terms of a passage's headings."""
    return frozenset(_terms(" ".join(passage.heading_path)))


def excerpt(
    index: int, passage: Passage, wanted: Wanted, weights: Weights, *, max_chars: int, whole_chars: int = 0
) -> Excerpt | None:
    """Return the part of a passage that answers best, in whole sentences; None when it has no words to quote.

    A passage that is short enough is quoted whole; of a longer one the best sentence, what it leans on, and what
    adds to the answer; a list with its introduction, the lines of one that is too long chosen by what they say.

    With `whole_chars` a passage up to that length is quoted whole, and what is chosen of a longer one is filled up to
    whole paragraphs and what stands beside them.
    """
    parts = parts_of(passage.text)
    if not parts:
        return None
    said = frozenset(_terms(" ".join(passage.heading_path[-1:])))
    own = _apart_from(said, weights)
    scores = [_score(part, wanted, own) + (_RULE_FIRST if i == 0 else 0.0) for i, part in enumerate(parts)]
    is_short = parts[-1].end - parts[0].start <= max(max_chars, whole_chars)
    picked = frozenset(range(len(parts))) if is_short else _choice(parts, scores, wanted, own, max_chars)
    filled = filled_up(passage.text, parts, picked, max_chars) if whole_chars and not is_short else picked
    chosen = [parts[i] for i in sorted(filled)]
    sentences = [s for part in chosen for s in _shortened(passage.text, part, wanted, own, max_chars)]
    found = frozenset[str]().union(*(part.terms for part in chosen))
    above = heading_terms(passage)
    coverage = own.share(found)
    score = max(_score(part, wanted, weights, above) for part in parts)
    # a line may end between a number and its unit
    says = wanted.says is not None and any(wanted.says.search(" ".join(part.folded.split())) for part in parts)
    return Excerpt(index, merged(passage.text, sentences), score, coverage, says, found)


def whole(index: int, text: str, *, max_chars: int, within: tuple[int, int]) -> tuple[Excerpt, bool]:
    """Return a text, or the range `within` it, from its start, cut after a whole sentence, and whether it is all."""
    start, end = within
    own = [s for part in parts_of(text) for s in part.sentences if start <= s.start and s.end <= end]
    sentences = own or [Sentence(start, end)]
    kept = [s for s in sentences if s.end - sentences[0].start <= max_chars] or sentences[:1]
    return Excerpt(index, merged(text, kept), 1.0, 1.0), len(kept) == len(sentences)


def merged(text: str, sentences: Sequence[Sentence]) -> tuple[tuple[int, int], ...]:
    """Join sentences of one paragraph into one range; a list line or a new paragraph starts another."""
    ranges: list[tuple[int, int]] = []
    for sentence in sentences:
        gap = text[ranges[-1][1] : sentence.start] if ranges else "\n\n"
        if ranges and sentence.kind == "sentence" and "\n" not in gap and gap.strip() == "":
            ranges[-1] = (ranges[-1][0], sentence.end)
        else:
            ranges.append((sentence.start, sentence.end))
    return tuple(ranges)


def _apart_from(said: AbstractSet[str], weights: Weights) -> Weights:
    """Lower the terms that the passage's own heading says: they tell none of its sentences from another."""
    lowered = {term: weight * (_HEADED_WEIGHT if term in said else 1.0) for term, weight in weights.terms.items()}
    return Weights(lowered, weights.total - sum(weights.terms.values()) + sum(lowered.values()) or 1.0)


def _score(part: Part, wanted: Wanted, weights: Weights, above: AbstractSet[str] = frozenset()) -> float:
    """Return how well a part answers; `above` are the terms that headings say for it."""
    # For a list what counts is that it is introduced by the words of the question, not how long it is.
    introduction = _LIST_INTRODUCTION.search(part.text) if wanted.kind == "list" else None
    length = len(part.text[: introduction.start()].split() if introduction else part.text.split())
    score = weights.share(part.terms | above) / (1 + max(0, length - 60) / 160)
    score += _says_what_is_asked(part, wanted)
    if wanted.kind == "definition":
        score += _defines(part, wanted)
    if introduction or (wanted.kind == "list" and part.text.count("\n") >= 2 and part.text.count("|") >= _MIN_BARS):
        score += 0.15
    return score


def _defines(part: Part, wanted: Wanted) -> float:
    """Return how much a sentence looks like the definition asked for: most where that thing is all of its subject."""
    verb = _DEFINES.search(part.folded)
    if verb is None:
        return 0.0
    asked = {term for term, weight in wanted.weights if weight == 1.0}
    subject = set(_terms(part.folded[: verb.start()]))
    return 0.5 if asked and asked <= subject and len(subject) <= len(asked) + _MAX_SUBJECT else 0.15


def _says_what_is_asked(part: Part, wanted: Wanted) -> float:
    if wanted.says is not None and wanted.says.search(part.folded):
        return 0.3
    if wanted.kind != "threshold":
        return 0.0
    units = _units(part.text)
    return 0.1 * bool(units) + 0.2 * bool(units & set(wanted.units))


@lru_cache(maxsize=4_096)
def _units(text: str) -> frozenset[str]:
    return frozenset(mention.unit for mention in mentions(text)) - {"ref"}


@lru_cache(maxsize=4_096)
def _terms(text: str) -> tuple[str, ...]:
    return tuple(terms(text))


def _choice(
    parts: Sequence[Part], scores: Sequence[float], wanted: Wanted, weights: Weights, max_chars: int
) -> frozenset[int]:
    """Return the parts to quote of a longer text: the best one and whatever adds to it within `max_chars`."""
    best = max(range(len(parts)), key=lambda i: (scores[i], -i))
    chosen = _with_what_it_leans_on(parts, {best}, best, max_chars)
    while True:
        gains = {i: _gain(i, parts, chosen, wanted, weights) for i in range(len(parts)) if i not in chosen}
        adding = [i for i in gains if _adds(i, gains, scores, best, chosen)]
        fitting = [i for i in adding if _length(parts, {*chosen, i}) <= max_chars]
        if not fitting:
            return frozenset(chosen)
        added = max(fitting, key=lambda i: (gains[i], scores[i], -i))
        chosen = _with_what_it_leans_on(parts, {*chosen, added}, added, max_chars)


def _adds(i: int, gains: dict[int, float], scores: Sequence[float], best: int, chosen: set[int]) -> bool:
    is_beside = i - 1 in chosen or i + 1 in chosen
    return gains[i] >= _MIN_GAIN or (is_beside and scores[i] >= _NEIGHBOUR_SHARE * scores[best])


def _gain(i: int, parts: Sequence[Part], chosen: set[int], wanted: Wanted, weights: Weights) -> float:
    """Return what part `i` says of the question that the chosen ones do not."""
    covered = frozenset[str]().union(*(parts[j].terms for j in chosen))
    gain = weights.share(parts[i].terms - covered)
    if gain or i - 1 in chosen or i + 1 in chosen:
        said = max(_says_what_is_asked(parts[j], wanted) for j in chosen)
        gain += max(0.0, _says_what_is_asked(parts[i], wanted) - said)
    return gain + _NEAR_GAIN * (i - 1 in chosen or i + 1 in chosen)


def _with_what_it_leans_on(parts: Sequence[Part], chosen: set[int], at: int, max_chars: int) -> set[int]:
    """Add the part before one that opens with words that point back."""
    while at > 0 and POINTS_BACK.match(parts[at].folded) and _length(parts, {*chosen, at - 1}) <= max_chars:
        at -= 1
        chosen = {*chosen, at}
    return chosen


def _length(parts: Sequence[Part], chosen: set[int]) -> int:
    return sum(len(parts[i].text) for i in chosen)


def _shortened(text: str, part: Part, wanted: Wanted, weights: Weights, max_chars: int) -> tuple[Sentence, ...]:
    """Return a part whole where it is not much longer than allowed, else its introduction and best lines."""
    sentences = part.sentences
    if part.end - part.start <= _LIST_ALLOWANCE * max_chars or len(sentences) < 3:
        return sentences
    ranked = sorted(sentences[1:], key=lambda s: -weights.share(frozenset(terms(text[s.start : s.end]))))
    kept, length = {sentences[0]}, sentences[0].end - sentences[0].start
    for sentence in ranked:
        length += sentence.end - sentence.start
        if length > max_chars and len(kept) > 1:
            break
        kept.add(sentence)
    return tuple(s for s in sentences if s in kept)
