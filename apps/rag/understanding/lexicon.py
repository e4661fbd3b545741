"""Everyday words, beside the legal or accounting words that the texts use for the same thing.

A question gains the texts' words at a lower weight than its own; it never loses one. Sigles are the analysis' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from apps.rag import analysis
from apps.rag.understanding.vocabulary import VOCABULARY

# A word this short has the stem of too many others ("part" and "partie"): only it and its plural count.
_MIN_STEMMED = 6
_MAX_GAP = 1  # words that may stand between those of a key: "vendre toutes ses parts"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a stretch of a question means: `said` are its index terms, `terms` those of the texts' words for it."""

    said: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]


def _key(word: str) -> str:
    return analysis.stem(word) if len(word) >= _MIN_STEMMED else f"={word.rstrip('sx') if len(word) > 3 else word}"


def _entries() -> Iterator[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]:
    for line in VOCABULARY.splitlines():
        if ":" not in line or line.startswith("#"):
            continue
        said, _, meant = line.partition(":")
        terms = tuple(tuple(dict.fromkeys(analysis.terms(form))) for form in meant.split(","))
        for form in said.split(","):
            yield tuple(_key(word) for word in analysis.words(form)), terms


@lru_cache(maxsize=1)
def _by_first() -> dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]]:
    """Index the entries by the first word of their keys, longest keys first; equal keys join."""
    joined: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for key, terms in _entries():
        if key:
            joined[key] = (*joined.get(key, ()), *terms)
    table: dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]] = {}
    for key in sorted(joined, key=len, reverse=True):
        table.setdefault(key[0], []).append((key, joined[key]))
    return table


@lru_cache(maxsize=1)
def _verbs() -> frozenset[str]:
    """Return the stems of the verbs among the keys."""
    keys = [word for line in VOCABULARY.splitlines() for word in analysis.words(line.partition(":")[0])]
    return frozenset(_key(word) for word in keys if word.endswith(("er", "ir", "re")) and len(word) >= _MIN_STEMMED)


@lru_cache(maxsize=2_048)
def meanings(text: str) -> tuple[Meaning, ...]:
    """Return what the words of a question mean in the texts' words; a stretch of several words goes before one."""
    words = analysis.words(text)
    # "ferme" is short, and yet a form of "fermer"
    keys = [{_key(word), analysis.stem(word)} & (_verbs() | {_key(word)}) for word in words]
    found: list[Meaning] = []
    taken: set[int] = set()
    for at, own in enumerate(keys):
        entries = [each for key in own for each in _by_first().get(key, ())]
        for entry, terms in sorted(entries, key=lambda each: -len(each[0])):
            places = _places(entry, keys, at)
            if places and not taken & set(places):
                taken |= set(places) if len(places) > 1 else set()
                found.append(Meaning(tuple(analysis.stem(words[place]) for place in places), terms))
                break
    return tuple(found)


def _places(entry: tuple[str, ...], keys: Sequence[AbstractSet[str]], at: int) -> list[int]:
    """Return where the words of an entry stand from `at` on, each at most one word after the one before."""
    places = [at]
    for wanted in entry[1:]:
        near = range(places[-1] + 1, min(len(keys), places[-1] + 2 + _MAX_GAP))
        place = next((n for n in near if wanted in keys[n]), None)
        if place is None:
            return []
        places.append(place)
    return places


@lru_cache(maxsize=2_048)
def expansions(text: str) -> tuple[str, ...]:
    """Return the index terms that a question means and does not say, each once."""
    said = set(analysis.terms(text))
    added = dict.fromkeys(term for meaning in meanings(text) for form in meaning.terms for term in form)
    return tuple(term for term in added if term not in said)
