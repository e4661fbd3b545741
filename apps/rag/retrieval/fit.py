"""How well a passage fits a question, read from the words of both: a second look at the best candidates."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from apps.rag import analysis
from apps.rag.types import Passage
from apps.rag.understanding.framewords import judging_weight
from apps.rag.understanding.lexicon import Meaning
from kauri.lib.text import fold

# Words this close together, small words not counted, are of one sentence more often than not.
_WINDOW = 24
# What the texts' word for a question's word, a slip of the keyboard, and a word of the heading only are worth.
MEANT = 0.6
_MISSPELT = 0.8
_IN_HEADING = 0.9
_MIN_MISSPELT = 5
_DEFINES = re.compile(
    r"\b(?:(?:est|sont) (?P<kind>une?|la|le|les|des|l'|celles?|celui|ceux|tou[st]|ce(?:lui)? qui|appele\w*|dite?s?"
    r"|considere\w*|l'|defini\w*)|est|sont|(?P<verb>designe(?:nt)?|s'entend(?:ent)?|consiste(?:nt)?"
    r"|a pour (?:but|objet)|constitue(?:nt)?|signifie))(?:\b|(?<='))"
)
_ARTICLE = re.compile(r"^\W*(?:\d+[ .°)]+)*(?:le|la|les|l'|un|une|des|on (?:appelle|entend par)|est|il y a)\b")
_SENTENCE = re.compile(r"[.;:]\s+|\n\s*\n")
_SAID = re.compile(r"\w+")
_LEAD_TERMS = 40
_MAX_SUBJECT = 3  # terms of a subject beyond the question's


class Slips:
    """Finds the terms of texts that are slips of a question's terms, looking at each term of a text once."""

    def __init__(self, asked: Iterable[str]) -> None:
        self._asked = frozenset(asked)
        self._by_first: dict[str, list[tuple[str, int, frozenset[str]]]] = {}
        for term in self._asked:
            if len(term) >= _MIN_MISSPELT:
                self._by_first.setdefault(term[0], []).append((term, _allowed(term), frozenset(term)))
        self._seen: set[str] = set()
        self._found: dict[str, str] = {}

    def among(self, held: frozenset[str]) -> Iterable[tuple[str, str]]:
        """Yield (the text's term, the question's) for slips among the terms of a text."""
        for near in held - self._seen:
            for term, allowed, letters in self._by_first.get(near[0], ()):
                # most differ by their length or by more letters than so many slips change: quickly told
                if (
                    abs(len(near) - len(term)) <= allowed
                    and len(letters.symmetric_difference(near)) <= 2 * allowed
                    and near not in self._asked
                    and _is_slip(term, near)
                ):
                    self._found[near] = term
        self._seen |= held
        for near in self._found.keys() & held:
            yield near, self._found[near]


@dataclass(frozen=True, slots=True)
class Probe:
    """A question's terms with their weights (idf, less for words that only frame it).

    `forms`: which of them the texts' words stand for; `total`: the sum of the weights; `rarest`: what a term weighs
    that no passage holds; `defined` are the terms of each thing of which the question asks what it is.
    """

    weights: Mapping[str, float]
    forms: tuple[tuple[tuple[str, ...], frozenset[str]], ...]
    slips: Slips
    total: float
    unknown: float
    rarest: float
    defined: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """Shares of a question's weight, 0..1: held by the passage, held within one window of it; how much the passage
    looks like the definition of what the question asks about, and how much its headings hold; and for each term of the
    question what the passage holds of it: 1 for the term itself, less for a word that means it or a slip."""

    coverage: float
    window: float
    definition: float
    titled: float
    covered: Mapping[str, float]


def idf(n_documents: int, frequency: int) -> float:
    """Return BM25's inverse document frequency (Lucene's form, never negative)."""
    return math.log(1.0 + (n_documents - frequency + 0.5) / (frequency + 0.5))


def probe_of(
    terms: Mapping[str, float],
    meanings: tuple[Meaning, ...],
    frequencies: Mapping[str, int],
    n_documents: int,
    *,
    is_definition: bool,
    told_apart: tuple[frozenset[str], ...] = (),
) -> Probe:
    """Weigh a question's terms. `unknown` is the share of the weight that no passage of the corpus holds.

    `told_apart` are the things whose difference it asks for: what each of them is tells it.
    """
    weights = {
        term: weight * judging_weight(term) * idf(n_documents, frequencies.get(term, 0))
        for term, weight in terms.items()
    }
    total = sum(weights.values())
    unknown = sum(weight for term, weight in weights.items() if not frequencies.get(term, 0))
    share = unknown / total if total else 1.0
    rarest = idf(n_documents, 0)
    asked = frozenset(term for term in weights if judging_weight(term) == 1.0)
    defined = told_apart or ((asked,) if is_definition and asked else ())
    return Probe(weights, _forms(weights, meanings), Slips(weights), total, share, rarest, defined)


def _forms(
    weights: Mapping[str, float], meanings: Iterable[Meaning]
) -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
    found: list[tuple[tuple[str, ...], frozenset[str]]] = []
    for meaning in meanings:
        asked = tuple(term for term in meaning.said if term in weights)
        if asked:
            found += [(asked, frozenset(form)) for form in meaning.terms if form]
    return tuple(dict.fromkeys(found))


def fit(probe: Probe, passage: Passage) -> Fit:
    """Read a passage with a question in mind."""
    if not probe.total:
        return Fit(0.0, 0.0, 0.0, 0.0, {})
    text = text_read(passage.text)
    if passage.plan:
        # what counts of an account is its own label, not that of the account above it
        return _label_fit(probe, passage.text.partition("\n")[0])
    # the title of a law stands above each of its articles, and tells none from another
    title = () if passage.kind == "law" else (passage.document_title,)
    heading = text_read("\n".join((*title, *passage.heading_path))).held
    worth = _worth(probe, text.held)
    above = {term: _IN_HEADING * value for term, value in _by_term(_worth(probe, heading)).items()}
    covered = dict(above)
    for term, value in _by_term(worth).items():
        covered[term] = max(value, above.get(term, 0.0))
    titled = sum(weight for term, weight in probe.weights.items() if term in heading) / probe.total
    coverage = sum(probe.weights[term] * value for term, value in covered.items()) / probe.total
    window = _window(probe, text.terms, worth, above)
    return Fit(coverage, window, _definition(probe, passage.text), titled, covered)


def _label_fit(probe: Probe, label: str) -> Fit:
    """Fit an account by its label: the share of the question that it says, and of it that the question says."""
    own = frozenset(term for term in text_read(label).terms if not term.isdigit() and term != "compt")
    worth = _worth(probe, own)
    covered = _by_term(worth)
    said = sum(probe.weights[term] * value for term, value in covered.items()) / probe.total
    meant = len([term for term in own if term in worth]) / max(1, len(own))
    return Fit(said, said * meant, 0.0, said, covered)


def share_met(probe: Probe, held: frozenset[str]) -> float:
    """Return the share of a question's weight that some terms hold, mean or misspell."""
    if not probe.total:
        return 0.0
    return sum(probe.weights[term] * value for term, value in _by_term(_worth(probe, held)).items()) / probe.total


def _worth(probe: Probe, held: frozenset[str]) -> dict[str, dict[str, float]]:
    """Map the terms of a passage that speak for terms of the question to what they are worth for each of those."""
    worth: dict[str, dict[str, float]] = {term: {term: 1.0} for term in probe.weights.keys() & held}
    for asked, form in probe.forms:
        for near in form if form <= held else ():
            own = worth.setdefault(near, {})
            own.update((term, max(own.get(term, 0.0), MEANT)) for term in asked)
    for near, term in probe.slips.among(held):
        if term not in held:
            own = worth.setdefault(near, {})
            own[term] = max(own.get(term, 0.0), _MISSPELT)
    return worth


def _by_term(worth: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the best worth of what speaks for each term of the question; nothing for a term that nothing does."""
    values: dict[str, float] = {}
    for asked in worth.values():
        _raise(values, asked)
    return values


def _raise(values: dict[str, float], asked: Mapping[str, float]) -> None:
    for term, value in asked.items():
        values[term] = max(values.get(term, 0.0), value)


def _window(
    probe: Probe, text: Sequence[str], worth: Mapping[str, Mapping[str, float]], ground: Mapping[str, float]
) -> float:
    """Return the largest share of the weight that stands within one window; the heading speaks for every window."""
    best = sum(probe.weights[term] * value for term, value in ground.items())
    hits = [(place, worth[term]) for place, term in enumerate(text) if term in worth]
    first = 0
    for last, (place, _) in enumerate(hits):
        while place - hits[first][0] > _WINDOW:
            first += 1
        if last + 1 < len(hits) and hits[last + 1][0] - hits[first][0] <= _WINDOW:
            continue  # the next window holds all of this one
        near = dict(ground)
        for _, asked in hits[first : last + 1]:
            _raise(near, asked)
        best = max(best, sum(probe.weights[term] * value for term, value in near.items()))
    return best / probe.total


def _definition(probe: Probe, text: str) -> float:
    """Return 1 for a sentence that says what the thing asked about is, half for one that says something of it: its
    subject is that thing, and little else."""
    best = 0.0
    if not probe.defined:
        return best
    for sentence in _SENTENCE.split(text[:1_500]):
        folded = fold(" ".join(sentence[:300].split()))
        verb = _DEFINES.search(folded)
        if verb is None or not _ARTICLE.match(folded):
            continue
        subject = set(analysis.terms(folded[: verb.start()]))
        if any(thing <= subject and len(subject) <= len(thing) + _MAX_SUBJECT for thing in probe.defined):
            best = max(best, 1.0 if verb["kind"] or verb["verb"] else 0.5)
    return best


def _is_slip(typed: str, written: str) -> bool:
    """Tell whether two terms differ by one letter left out, put in, changed or swapped; by two in long ones."""
    allowed = _allowed(typed)
    if abs(len(typed) - len(written)) > allowed or typed[0] != written[0] or len(written) < _MIN_MISSPELT:
        return False
    return _distance(typed, written) <= allowed


def _allowed(typed: str) -> int:
    return 2 if len(typed) >= 10 else 1


@lru_cache(maxsize=20_000)
def _distance(left: str, right: str) -> int:
    """Return the edit distance, a swap of neighbours counting one."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


@dataclass(frozen=True, slots=True)
class TextRead:
    """A text's terms in order, the same as a set, those it begins with as one, the numbers of its distinct 4-grams,
    ascending (n_grams,), and its words as they are said, small ones too, a space around each."""

    terms: tuple[str, ...]
    held: frozenset[str]
    lead: frozenset[str]
    grams: npt.NDArray[np.uint32]
    said: str


@lru_cache(maxsize=8_192)
def text_read(text: str) -> TextRead:
    """Read a text; the passages that are asked for most are read once."""
    terms, words, folded = analysis.terms_words_and_folded(text)
    numbers = {number for word in set(words) for number in analysis.word_gram_numbers(word)}
    grams = np.fromiter(numbers, dtype=np.uint32, count=len(numbers))
    grams.sort()
    return TextRead(tuple(terms), frozenset(terms), frozenset(terms[:_LEAD_TERMS]), grams, " ".join(said_words(folded)))


def said_words(folded: str) -> list[str]:
    """Return the words of a folded text in order, small ones too, with an empty one before and after."""
    return ["", *_SAID.findall(folded), ""]
