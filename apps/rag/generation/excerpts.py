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
    r"\best (?:un|une|la|le|l'|celle|celui|constitue|definie?|dite?)\b|\bdesigne|\bs'entend|\bentend par\b"
    r"|\bsont (?:des|les)\b"
    r"|\bconsiste\b|\bconstitue|\ba pour (?:objet|but)|\bsont considere"
)
_HEADING = re.compile(
    r"(?i)(?:(?:livre|(?:sous-)?titre|chapitre|(?:sous-)?section|partie|paragraphe)\s+(?:\d+|[ivx]+|premi[eè]re?"
    r"|1er|pr[ée]liminaire)\b[^.;:]*"
    r"(?:[.:–-]\s*[^.;:]*)?|art(?:icle|\.)?\s*(?:premier|1er|[\dlrd][\w.-]*)\s*[:.–-]*|\d+\s*/\s*\d+|page\s+\d+.*)"
)
_LIST_INTRODUCTION = re.compile(r":\s*(?:\n|\Z)")
_POINTS_BACK = re.compile(
    r"(?:il|elle|ils|elles|cette|ce|ces|cet|celui|celle|toutefois|cependant|en outre|dans (?:ce|ces"
    r"|les deux) cas|a defaut|de meme)\b"
)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A sentence of the law opens with one of these; a title with a noun.
_SENTENCE_OPENERS = _listed(
    "a apres au aucun aucune aux avant ce cependant ces cet cette ceux chaque dans de des elle elles en est"
    " il ils l la le les leur lorsqu lorsque ne nul on par pour quand sans sauf selon si sont sous sur"
    " tout toute toutefois toutes tous un une"
)
_MAX_TITLE_CHARS = 160
_NEIGHBOUR_SHARE = 0.6
_LIST_ALLOWANCE = 2.5
# Who asks for a list or a comparison reads on; who asks for a sum or a rule wants that sentence.
_LONG_KINDS = frozenset({"article", "list", "comparison"})
_FEW_SENTENCES_CHARS = 430
_MAX_SUBJECT = 3  # terms of a subject beyond the question's
_MIN_BARS = 4  # of a table worth quoting whole
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
    introduction, the lines of a list that is too long chosen by what they say.
    """
    groups = _groups(passage.text, _quotable(passage.text))
    if not groups:
        return None
    scores = [_score(_text(passage.text, group), wanted, weights) for group in groups]
    if wanted.kind not in _LONG_KINDS:
        max_chars = min(max_chars, _FEW_SENTENCES_CHARS)
    chosen = _window(passage.text, groups, scores, max_chars)
    sentences = [s for group in chosen for s in _shortened(passage.text, group, wanted, weights, max_chars)]
    found = set(terms(" ".join(passage.text[s.start : s.end] for s in sentences)))
    coverage = sum(weight for term, weight in weights.terms.items() if term in found) / weights.total
    return Excerpt(index, tuple(_merged(passage.text, sentences)), max(scores), coverage)


def whole(index: int, passage: Passage, *, max_chars: int) -> tuple[Excerpt, bool]:
    """Return a passage from its start, cut after a whole sentence, and whether that is all of it."""
    sentences = _quotable(passage.text) or (Sentence(0, len(passage.text)),)
    kept = [s for s in sentences if s.end - sentences[0].start <= max_chars] or list(sentences[:1])
    return Excerpt(index, tuple(_merged(passage.text, kept)), 1.0, 1.0), len(kept) == len(sentences)


Group = tuple[Sentence, ...]


def _quotable(text: str) -> Group:
    """Return the sentences that may be quoted: no headings at either end, none with bracketed numbers."""
    sentences = [s for s in split_sentences(text) if not _BRACKETED_NUMBER.search(text[s.start : s.end])]
    kept = list(sentences)
    while kept and (_is_heading(text, kept[0]) or _is_tail(text, kept) or _is_short_title(text, kept[0])):
        kept.pop(0)
    return tuple(_without_last_title(text, kept) or sentences)


def _is_tail(text: str, sentences: Sequence[Sentence]) -> bool:
    """Tell whether the first sentence is the end of one that the passage before began."""
    first = sentences[0]
    return len(sentences) > 1 and first.kind == "sentence" and text[first.start].islower() and _ends(text, first)


def _without_last_title(text: str, sentences: list[Sentence]) -> list[Sentence]:
    """Drop what stands after the last full stop and reads like the title of what follows."""
    kept = list(sentences)
    while len(kept) > 1 and (_is_heading(text, kept[-1]) or _is_title(text[kept[-1].start : kept[-1].end])):
        kept.pop()
    return kept if kept and (_ends(text, kept[-1]) or kept[-1].kind == "list") else sentences


def _is_title(words: str) -> bool:
    opener = re.match(r"[^\W\d_]+", fold(words))
    is_sentence = opener is not None and opener[0] in _SENTENCE_OPENERS
    return len(words) < _MAX_TITLE_CHARS and words.rstrip()[-1] not in ".;:!?»,)" and not is_sentence


def _is_heading(text: str, sentence: Sentence) -> bool:
    return _HEADING.fullmatch(text[sentence.start : sentence.end].strip()) is not None


def _is_short_title(text: str, sentence: Sentence) -> bool:
    words = text[sentence.start : sentence.end].rstrip()
    return (
        sentence.kind == "sentence" and len(words) < 60 and words[-1] not in ".;:!?»,)" and not re.search(r"\d", words)
    )


def _ends(text: str, sentence: Sentence) -> bool:
    return text[sentence.end - 1] in ".!?»"


def _groups(text: str, sentences: Sequence[Sentence]) -> list[Group]:
    """Keep a list together with its introduction and with the words that close its sentence."""
    groups: list[list[Sentence]] = []
    for sentence in sentences:
        previous = text[groups[-1][-1].start : groups[-1][-1].end].rstrip() if groups else "."
        is_listed = sentence.kind == "list" and previous[-1] in ":;,"
        is_listed |= sentence.kind == "table" and bool(groups) and groups[-1][-1].kind == "table"
        goes_on = text[sentence.start].islower() and previous[-1] in ":;,"
        if groups and (is_listed or goes_on or previous.endswith(":")):
            groups[-1].append(sentence)
        else:
            groups.append([sentence])
    return [tuple(group) for group in groups]


def _text(text: str, group: Group) -> str:
    return text[group[0].start : group[-1].end]


def _score(text: str, wanted: Wanted, weights: Weights) -> float:
    found = set(terms(text))
    overlap = sum(weight for term, weight in weights.terms.items() if term in found) / weights.total
    # For a list what counts is that it is introduced by the words of the question, not how long it is.
    introduction = _LIST_INTRODUCTION.search(text) if wanted.kind == "list" else None
    length = len(text[: introduction.start()].split() if introduction else text.split())
    score = overlap / (1 + max(0, length - 60) / 160)
    score += _says_what_is_asked(text, wanted)
    if wanted.kind == "definition":
        score += _defines(text, wanted)
    if introduction or (wanted.kind == "list" and text.count("\n") >= 2 and text.count("|") >= _MIN_BARS):
        score += 0.15
    return score


def _defines(text: str, wanted: Wanted) -> float:
    """Return how much a sentence looks like the definition asked for: most where that thing is all of its subject."""
    folded = fold(text)
    verb = _DEFINES.search(folded)
    if verb is None:
        return 0.0
    asked = {term for term, weight in wanted.weights if weight == 1.0}
    subject = set(terms(folded[: verb.start()]))
    return 0.5 if asked and asked <= subject and len(subject) <= len(asked) + _MAX_SUBJECT else 0.15


def _says_what_is_asked(text: str, wanted: Wanted) -> float:
    if wanted.says is not None and wanted.says.search(fold(text)):
        return 0.3
    if wanted.kind != "threshold":
        return 0.0
    units = {mention.unit for mention in mentions(text)} - {"ref"}
    return 0.1 * bool(units) + 0.2 * bool(units & set(wanted.units))


def _window(text: str, groups: Sequence[Group], scores: Sequence[float], max_chars: int) -> Sequence[Group]:
    """Return neighbouring groups around the best one that fit into `max_chars` and say something of the matter."""
    if groups[-1][-1].end - groups[0][0].start <= max_chars:
        return groups
    best = max(range(len(groups)), key=lambda i: (scores[i], -i))
    first = last = best
    while True:
        sides = [i for i in (last + 1, first - 1) if 0 <= i < len(groups)]
        fitting = [
            i
            for i in sides
            if groups[max(i, last)][-1].end - groups[min(i, first)][0].start <= max_chars
            and (scores[i] >= _NEIGHBOUR_SHARE * scores[best] or _leans(text, groups[max(i, first)]))
        ]
        if not fitting:
            return groups[first : last + 1]
        chosen = max(fitting, key=lambda i: scores[i])
        first, last = min(first, chosen), max(last, chosen)


def _leans(text: str, group: Group) -> bool:
    """Tell whether a group opens with words that point back, so that the one before is needed."""
    return _POINTS_BACK.match(fold(text[group[0].start : group[0].start + 30])) is not None


def _shortened(text: str, group: Group, wanted: Wanted, weights: Weights, max_chars: int) -> Group:
    """Return a group whole where it is at most three times as long as allowed, else its introduction and best"
    " lines."""
    if group[-1].end - group[0].start <= _LIST_ALLOWANCE * max_chars or len(group) < 3:
        return group
    ranked = sorted(group[1:], key=lambda s: -_score(text[s.start : s.end], wanted, weights))
    kept, length = {group[0]}, group[0].end - group[0].start
    for sentence in ranked:
        length += sentence.end - sentence.start
        if length > max_chars and len(kept) > 1:
            break
        kept.add(sentence)
    return tuple(s for s in group if s in kept)


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
