"""Whether a claim has to do with what it cites: it shares words with it, and is not another passage's."""

from __future__ import annotations

from collections.abc import Sequence

from apps.rag.analysis import terms
from apps.rag.generation.numbers import Mention
from apps.rag.generation.sources import stems_of
from apps.rag.generation.translated import Translated, translated
from apps.rag.types import Passage

# Words of a claim that its sources must say: one in three, or one in six where a number was found in them.
_UNIT_WORDS = frozenset(terms("jours mois ans années semaines heures francs FCFA CFA cent"))
_WORDS_A_SHARED_ONE = 3
_WORDS_A_SHARED_ONE_BESIDE_NUMBERS = 6
_MANY_WORDS = 3  # from here on at least one must be shared
# A claim is another passage's where that one holds this share of its words, and the cited ones this much less.
_ANOTHERS_SHARE = 0.8
_ANOTHERS_MARGIN = 0.3


def has_to_do(
    claim: str,
    numbers: Sequence[Mention],
    cited: Sequence[Passage],
    found: Sequence[Passage],
    *,
    is_in_french: bool,
) -> bool:
    """Tell whether a claim has to do with the passages that it cites; `found` are all that an answer may cite.

    `is_in_french` tells that the answer is to be in French, as the texts are.
    """
    if not any(char.isalnum() for char in claim):
        return False
    said = frozenset[str]().union(*(stems_of(source) for source in cited))
    english = None if is_in_french else translated(claim)
    if english is not None:
        return _is_said_in_french(english, said, has_numbers=bool(numbers))
    bare = list(claim)
    for number in numbers:
        bare[number.start : number.end] = " " * (number.end - number.start)
    words = {word for word in terms("".join(bare)) if not word[0].isdigit()} - _UNIT_WORDS
    if not words:
        return True
    n_shared = len(words & said)
    if _is_anothers(words, n_shared, found):
        return False
    if numbers:
        return n_shared >= max(len(words) >= _MANY_WORDS, len(words) // _WORDS_A_SHARED_ONE_BESIDE_NUMBERS)
    return n_shared * _WORDS_A_SHARED_ONE >= len(words)


def _is_said_in_french(claim: Translated, said: frozenset[str], *, has_numbers: bool) -> bool:
    """Tell the same of a claim in English: of its words, those that the glossary knows are asked for."""
    n_said = claim.said(said)
    if has_numbers:
        return n_said >= max(len(claim.known) >= _MANY_WORDS, len(claim.known) // _WORDS_A_SHARED_ONE_BESIDE_NUMBERS)
    return n_said > 0 and n_said * _WORDS_A_SHARED_ONE >= len(claim.known)


def _is_anothers(words: set[str], n_shared: int, found: Sequence[Passage]) -> bool:
    """Tell whether a claim says nearly word for word what a passage says that it does not cite."""
    if len(words) - n_shared <= _ANOTHERS_MARGIN * len(words):
        return False  # without reading what is not cited
    n_best = max((len(words & stems_of(source)) for source in found), default=0)
    return n_best >= _ANOTHERS_SHARE * len(words) and n_best - n_shared > _ANOTHERS_MARGIN * len(words)
