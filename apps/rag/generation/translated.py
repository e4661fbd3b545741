"""Claims in English beside texts in French: what of their words the texts say.

By the glossary of the questions, and by the beginnings that both languages share: "reserve", "réserve".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from apps.rag.analysis import stem, terms
from apps.rag.understanding.lexicon_files import english_words
from kauri.lib.text import fold

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LONGEST = 4
# Small words of one language and not of the other: more of them tell which one a claim is in.
_ENGLISH_TABLE = """
the is are of to in that this these those with for and it be must may not no by at has have an its do
"""
_FRENCH_TABLE = """
le la les l de du des d un une est sont que qui dans par pour et au aux en ne pas il elle ce cet cette sur
"""
_ENGLISH, _FRENCH = frozenset(_ENGLISH_TABLE.split()), frozenset(_FRENCH_TABLE.split())
_SHARED_BEGINNING = 6


@dataclass(frozen=True, slots=True)
class Translated:
    """An English claim: the stems of the texts' words for each of its words that the glossary knows, and the others."""

    known: tuple[frozenset[str], ...]
    others: tuple[str, ...]

    def said(self, stems: frozenset[str]) -> int:
        """Count the words that stand among the stems of a text."""
        n_known = sum(not meant.isdisjoint(stems) for meant in self.known)
        beginnings = {each[:_SHARED_BEGINNING] for each in stems if len(each) >= _SHARED_BEGINNING}
        return n_known + sum(word[:_SHARED_BEGINNING] in beginnings or stem(word) in stems for word in self.others)

    def stems(self) -> frozenset[str]:
        """Return the stems of the texts' words for it."""
        return frozenset[str]().union(*self.known)


def translated(claim: str) -> Translated | None:
    """Return a claim that is English in the texts' words, None for one in French."""
    words = _WORD.findall(fold(claim))
    if sum(word in _ENGLISH for word in words) <= sum(word in _FRENCH for word in re.split(r"\W+", fold(claim))):
        return None
    known: list[frozenset[str]] = []
    others: list[str] = []
    at = 0
    while at < len(words):
        n, french = _longest(words[at : at + _LONGEST])
        if french:
            known.append(frozenset(terms(french)))
        elif len(words[at]) >= _SHARED_BEGINNING:
            others.append(words[at])
        at += n
    return Translated(tuple(each for each in known if each), tuple(others))


def _longest(words: Iterable[str]) -> tuple[int, str]:
    row = tuple(words)
    known = english_words()
    for n in range(len(row), 0, -1):
        french = known.get(row[:n]) or known.get((*row[: n - 1], row[n - 1].removesuffix("s")), "")
        if french:
            return n, french
    return 1, ""
