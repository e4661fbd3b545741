"""What is known of a candidate when it is read beside the question: the features of the built-in reranking.

All signs lie in 0..1. Of the legs: `bm25`, `gram`, `dense`, `sentence` (the sentence most like the question),
`answer` and `opening` (the sentence, and the first one, nearest to the question turned towards answers), min-max
normalised over the leg. Of the words, as shares of the question's weight: `coverage`, `window`, `titled` (see
`fit`), `lead` (held by the first words), `pairs` (neighbours in the question that are neighbours in the passage),
`letters` (character 4-grams, for typing errors and words that lost their spaces), `figures` (years and other numbers of
the question) and `sparing` (none of it over and over: a passage that is all about a word seldom says what is asked of
it). `phrase` is the share of the question's neighbouring words, small ones too, that the passage says as they stand;
`brief` is 1 for a passage of no words and 0 for one of many different ones. `whether`: a yes or no at the start answers
a question that asks for one; `kind`: the text says a sum, a time, a rate where one is asked for. `beside`: the best of
the passages around it in its text, by the fused legs.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from apps.rag import analysis
from apps.rag.calibration import RerankWeights
from apps.rag.retrieval.fit import MEANT, Fit, Probe, TextRead, idf, said_words, share_met, text_read
from apps.rag.types import Passage
from apps.rag.understanding.charts import account_label
from apps.rag.understanding.framewords import judging_weight
from kauri.lib.text import fold

_SUBJECTS = r"(?:il|elle|on|je|ils|elles|vous|nous|tu|ce)"
_ASKS_WHETHER = re.compile(rf"\best-ce qu|\b\w+-(?:t-)?{_SUBJECTS}\b")
_ASKS_WHAT = re.compile(
    r"\b(?:comment|quel(?:le)?s?|qui|que|qu'est|combien|quand|ou|pourquoi|quoi|lequel|laquelle)\b(?!-)"
)
# BM25's k1 and b, and the terms of a passage of common length.
_K1, _B, _COMMON_LENGTH = 1.2, 0.75, 120
_SAYS_WHETHER = re.compile(r"\W*(?:oui|non)\b")

_MANY_WORDS = math.log(401.0)  # of the different words of a long passage
_FEW = 2  # words beside those that only frame a question
LEG_SIGNS = ("bm25", "gram", "dense", "sentence", "answer", "opening")


class Letters:
    """A question's 4-grams with their idf; tells how much of them the grams of passages hold."""

    def __init__(self, grams: Iterable[str], frequencies: Mapping[str, int], n_documents: int) -> None:
        known = list(dict.fromkeys(grams))
        self._numbers = np.array([analysis.gram_number(gram) for gram in known], dtype=np.uint32)
        self._weights = np.array([idf(n_documents, frequencies.get(gram, 0)) for gram in known])
        self._total = float(self._weights.sum())

    def share(self, texts: Iterable[TextRead], meant: Iterable[str] = ()) -> float:
        """Return the share of the weight that the texts hold; the grams of words of the question that they say in
        other words, `meant`, count for a part of theirs."""
        if not self._total:
            return 0.0
        held = np.zeros(len(self._numbers), dtype=np.bool_)
        for text in texts:
            held |= self._among(text.grams)
        total = float(self._weights[held].sum())
        numbers = {number for word in meant for number in analysis.word_gram_numbers(word)}
        if numbers:
            stood_for = self._among(np.array(sorted(numbers), dtype=np.uint32)) & ~held
            total += MEANT * float(self._weights[stood_for].sum())
        return total / self._total

    def _among(self, grams: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        if not len(grams):
            return np.zeros(len(self._numbers), dtype=np.bool_)
        places = np.minimum(np.searchsorted(grams, self._numbers), len(grams) - 1)
        return np.asarray(grams[places] == self._numbers)


@dataclass(frozen=True, slots=True)
class Cues:
    """What of a question the signs are read with; `words` maps each term to its words, `pairs` neighbouring terms to
    weight, `phrases` pairs of neighbouring words as `TextRead.said` has them; `figures` are its numbers."""

    probe: Probe
    letters: Letters
    words: Mapping[str, tuple[str, ...]]
    pairs: Mapping[tuple[str, str], float]
    phrases: tuple[str, ...]
    figures: frozenset[str]
    asks_whether: bool
    kind: re.Pattern[str] | None


def cues_of(text: str, probe: Probe, letters: Letters, kind: re.Pattern[str] | None) -> Cues:
    """Read a question, in the words that the engine reads."""
    said = list(zip(*analysis.terms_and_words(text), strict=True))
    words: dict[str, tuple[str, ...]] = {}
    for term, word in said:
        words[term] = (*words.get(term, ()), word)
    terms = [term for term, _ in said if term in probe.weights]
    pairs = {
        (left, right): probe.weights[left] + probe.weights[right] for left, right in pairwise(terms) if left != right
    }
    figures = frozenset(word for word in words if word[0].isdigit())
    folded = fold(text)
    asks_whether = bool(_ASKS_WHETHER.search(folded)) and not _ASKS_WHAT.search(folded)
    phrases = tuple(f" {left} {right} " for left, right in pairwise(said_words(folded)[1:-1]))
    return Cues(probe, letters, words, pairs, phrases, figures, asks_whether, kind)


def reading_score(passage: Passage, fitted: Fit, cues: Cues, weights: RerankWeights) -> float:
    """Return the weighted sum of the signs that are read in the passage itself."""
    worth = _by_name(weights)
    return sum(worth[name] * value for name, value in read_signs(passage, fitted, cues).items())


@lru_cache(maxsize=64)
def _by_name(weights: RerankWeights) -> Mapping[str, float]:
    return asdict(weights)


def read_signs(passage: Passage, fitted: Fit, cues: Cues) -> dict[str, float]:
    """Return by name the signs that are read in the passage itself."""
    # of an account its own label counts: most repeat that of the account above them, and list those below
    text = text_read(account_label(passage.text) if passage.plan else passage.text)
    above = text_read("\n".join(passage.heading_path))
    meant = [word for term, value in fitted.covered.items() if value == MEANT for word in cues.words.get(term, ())]
    return {
        "coverage": fitted.coverage,
        "window": fitted.window,
        "titled": share_met(cues.probe, above.held),
        "lead": share_met(cues.probe, text.lead),
        "pairs": _paired((*above.terms, *text.terms), cues.pairs),
        "letters": cues.letters.share((text, above), meant),
        "figures": len(cues.figures & (text.held | above.held)) / len(cues.figures) if cues.figures else 0.0,
        "sparing": 1.0 - _density(cues.probe, text.terms),
        "whether": float(cues.asks_whether and _SAYS_WHETHER.match(fold(passage.text[:8])) is not None),
        "kind": float(cues.kind is not None and says(cues.kind, passage.text)),
        "phrase": sum(phrase in text.said for phrase in cues.phrases) / max(1, len(cues.phrases)),
        "brief": max(0.0, 1.0 - math.log1p(len(text.held)) / _MANY_WORDS),
    }


def _density(probe: Probe, terms: Sequence[str]) -> float:
    """Return how much and how often a text of its length says the question's terms, 0..1, saturated as BM25 does.

    1 for any text where a question has one word only: what says it over and over is what is asked for.
    """
    if sum(judging_weight(term) == 1.0 for term in probe.weights) < _FEW:
        return 1.0
    counts = Counter(filter(probe.weights.__contains__, terms))
    slack = _K1 * (1.0 - _B + _B * len(terms) / _COMMON_LENGTH)
    said = sum(probe.weights[term] * n / (n + slack) for term, n in counts.items())
    return said / probe.total if probe.total else 0.0


@lru_cache(maxsize=4_096)
def says(kind: re.Pattern[str], text: str) -> bool:
    """Tell whether a text says the kind of thing that is asked for."""
    return kind.search(fold(text)) is not None


def _paired(terms: Sequence[str], pairs: Mapping[tuple[str, str], float]) -> float:
    if not pairs:
        return 0.0
    ends = {term for pair in pairs for term in pair}
    # most passages hold few of the question's terms: only their neighbours are looked at
    met: set[tuple[str, str]] = set()
    for left, right in pairwise(terms):
        if left in ends and right in ends:
            met |= {(left, right), (right, left)}
    return sum(weight for pair, weight in pairs.items() if pair in met) / sum(pairs.values())
