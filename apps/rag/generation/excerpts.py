"""Choosing the words of a passage that answer a question."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from apps.rag.analysis import terms
from apps.rag.generation.asked import Wanted
from apps.rag.generation.numbers import mentions
from apps.rag.generation.sentences import Sentence, split_sentences
from apps.rag.types import Passage
from kauri.lib.text import fold

_DEFINES = re.compile(
    r"\best (?:un|une|la|le|l'|celle|celui|constitue|definie?|dite?)\b|\bdesigne|\bs'entend|\bentend par\b|\bsont (?:des|les)\b"
    r"|\bconsiste\b|\bconstitue|\ba pour (?:objet|but)|\bsont considere"
)
_BRACKETED_NUMBER = re.compile(r"\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Half-open ranges of a passage's text, in reading order, that are quoted together.

    `score` compares excerpts of one question; `coverage` is the weighted share (0..1) of its words found.
    """

    index: int
    ranges: tuple[tuple[int, int], ...]
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Weights:
    """Importance of the question's terms among the passages at hand: rare ones weigh more."""

    terms: dict[str, float]
    total: float


def weigh(wanted: Wanted, passages: Sequence[Passage]) -> Weights:
    """Weigh a question's terms by how few of the passages hold them, ln(1 + n / (1 + df))."""
    frequency: Counter[str] = Counter()
    for passage in passages:
        frequency.update(set(terms(passage.text)))
    weighed = {
        term: weight * math.log(1 + len(passages) / (1 + frequency[term]))
        for term, weight in wanted.weights
        if frequency[term]
    }
    own = {term: weight * math.log(1 + len(passages)) for term, weight in wanted.weights if not frequency[term]}
    return Weights(weighed, sum(weighed.values()) + 0.5 * sum(own.values()) or 1.0)


def excerpt(index: int, passage: Passage, wanted: Wanted, weights: Weights, *, max_chars: int) -> Excerpt | None:
    """Return the part of a passage that answers best, in whole sentences; None when it has no words to quote.

    A passage that is short enough is quoted whole; a longer one around its best sentence, a list with its
    introduction.
    """
    sentences = _quotable(passage.text)
    if not sentences:
        return None
    scores = [_score(passage.text[s.start : s.end], wanted, weights) for s in sentences]
    first, last = _window(passage.text, sentences, scores, wanted, max_chars)
    found = set(terms(passage.text[sentences[first].start : sentences[last].end]))
    coverage = sum(weight for term, weight in weights.terms.items() if term in found) / weights.total
    return Excerpt(index, tuple(_merged(passage.text, sentences[first : last + 1])), max(scores), coverage)


def whole(index: int, passage: Passage, *, max_chars: int) -> tuple[Excerpt, bool]:
    """Return a passage from its start, cut after a whole sentence, and whether that is all of it."""
    sentences = _quotable(passage.text) or (Sentence(0, len(passage.text)),)
    kept = [s for s in sentences if s.end - sentences[0].start <= max_chars] or list(sentences[:1])
    return Excerpt(index, tuple(_merged(passage.text, kept)), 1.0, 1.0), len(kept) == len(sentences)


def _quotable(text: str) -> tuple[Sentence, ...]:
    """Return sentences without a leading article heading, and without any that carry bracketed numbers."""
    sentences = split_sentences(text)
    kept = tuple(s for s in sentences if not _BRACKETED_NUMBER.search(text[s.start : s.end]))
    while kept and _is_title(text[kept[0].start : kept[0].end]):
        kept = kept[1:]
    return kept or sentences


def _is_title(text: str) -> bool:
    is_article_head = re.fullmatch(r"(?i)art(?:icle|\.)?\s*(?:premier|[\dlrd][\w.\s-]{0,12})\s*[:.–-]*", text.strip()) is not None
    return is_article_head or (len(text) < 90 and text.rstrip()[-1:] not in ".;:!?»,)" and not re.search(r"\d", text))


def _score(text: str, wanted: Wanted, weights: Weights) -> float:
    found = set(terms(text))
    overlap = sum(weight for term, weight in weights.terms.items() if term in found) / weights.total
    length = len(text.split())
    score = overlap / (1 + max(0, length - 40) / 80)
    if wanted.kind == "threshold":
        units = {mention.unit for mention in mentions(text)} - {"ref"}
        score += 0.15 * bool(units) + 0.25 * bool(units & set(wanted.units))
    if wanted.kind == "definition" and _DEFINES.search(fold(text)):
        score += 0.15
    if wanted.kind == "list" and (text.rstrip().endswith(":") or " : " in text):
        score += 0.15
    return score


def _window(
    text: str, sentences: Sequence[Sentence], scores: Sequence[float], wanted: Wanted, max_chars: int
) -> tuple[int, int]:
    """Return the first and last sentence of the best excerpt of at most `max_chars` (a list may take double)."""
    if sentences[-1].end - sentences[0].start <= max_chars:
        return 0, len(sentences) - 1
    first = last = max(range(len(sentences)), key=lambda i: (scores[i], -i))
    while first > 0 and sentences[first].kind == "list":
        first -= 1
    allowed = max_chars * 2 if wanted.kind == "list" else max_chars
    last = _list_end(text, sentences, first, last, allowed)
    while True:
        sides = [(scores[i], i) for i in (first - 1, last + 1) if 0 <= i < len(sentences)]
        fitting = [(score, i) for score, i in sides if _length(sentences, min(i, first), max(i, last)) <= max_chars
                   and (score > 0.1 or _leans(text, sentences, first, i))]  # fmt: skip
        if not fitting:
            return first, last
        _, chosen = max(fitting)
        first, last = min(first, chosen), max(last, chosen)


def _leans(text: str, sentences: Sequence[Sentence], first: int, candidate: int) -> bool:
    """Tell whether the excerpt begins with words that point back, so that the sentence before is needed."""
    opening = fold(text[sentences[first].start : sentences[first].start + 30])
    return candidate < first and re.match(r"(?:il|elle|ils|elles|cette|ce|ces|celui|celle|toutefois|en outre|dans ce cas)\b", opening) is not None


def _list_end(text: str, sentences: Sequence[Sentence], first: int, last: int, max_chars: int) -> int:
    introduces = text[: sentences[first].end].rstrip().endswith(":")
    while (
        last + 1 < len(sentences)
        and (sentences[last + 1].kind == "list" or (introduces and last == first))
        and _length(sentences, first, last + 1) <= max_chars
    ):
        last += 1
    return last


def _length(sentences: Sequence[Sentence], first: int, last: int) -> int:
    return sentences[last].end - sentences[first].start


def _merged(text: str, sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Join sentences of one paragraph into one range; a list line or a new paragraph starts another."""
    ranges: list[tuple[int, int]] = []
    for sentence in sentences:
        gap = text[ranges[-1][1] : sentence.start] if ranges else "\n\n"
        if ranges and sentence.kind == "sentence" and "\n" not in gap and gap.strip() == "":
            ranges[-1] = (ranges[-1][0], sentence.end)
        else:
            ranges.append((sentence.start, sentence.end))
    return ranges
