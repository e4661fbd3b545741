"""The two things that a question compares where they are no forms of company, and who says what each of them is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from apps.rag.analysis import terms
from apps.rag.generation.parts import parts_of
from apps.rag.understanding.framewords import judging_weight

_CLAUSE = re.compile(r"[,;:?!.]|\bc(?:'est)? (?:k?oi|quoi)\b|\bquelles? differences?\b")
_BETWEEN = re.compile(r" ?/ ?|\b(?:vs|versus|contre|par rapport (?:a|au|aux)|et|ou)\b")
# "il y a société de fait lorsque", "lorsque …, il y a société de fait.", "la fusion est l'opération par laquelle"
_IS = r"(?:est|sont) (?:une?|la|le|l'|les|des|celle|celui|constitue)"
_MEANS = r"(?:designe|s'entend|consiste|constitue)"
_THERE_IS = re.compile(r"\bil y a (?P<there>[\w' ]{3,60}?)(?: lorsqu|\W*$)")
_DEFINES = re.compile(rf"^(?P<subject>[\w', ]{{3,70}}?) {_IS}|^(?P<meant>[\w', ]{{3,70}}?) {_MEANS}")
_MAX_TERMS = 3
_SAME = 0.6  # of a subject's words that name the thing


def things_compared(folded: str) -> tuple[frozenset[str], ...]:
    """Return the terms of the two things that a folded question sets side by side, () where it names no two."""
    for clause in _CLAUSE.split(folded):
        left, between, right = clause, None, ""
        if match := _BETWEEN.search(clause):
            left, between, right = clause[: match.start()], match[0], clause[match.end() :]
        first, second = frozenset(_named(left)[-_MAX_TERMS:]), frozenset(_named(right)[:_MAX_TERMS])
        if between and first and second and first != second:
            return first, second
    return ()


def defining(thing: frozenset[str], texts: Iterable[tuple[int, str]]) -> int | None:
    """Return the index of the first text that says what a thing is, None where none does."""
    return next((index for index, text in texts if _defines(thing, text)), None)


def _defines(thing: frozenset[str], text: str) -> bool:
    for part in parts_of(text):
        there, found = _THERE_IS.search(part.folded), _DEFINES.search(part.folded)
        subject = _named(there["there"] if there else found["subject"] or found["meant"] if found else "")
        if subject and thing.intersection(subject) and _is_same(thing, subject):
            return True
    return False


def _is_same(thing: frozenset[str], subject: Sequence[str]) -> bool:
    shared = len(thing.intersection(subject))
    return shared / len(set(subject)) >= _SAME and shared / len(thing) >= _SAME


def _named(folded: str) -> tuple[str, ...]:
    return tuple(term for term in terms(folded) if judging_weight(term) == 1.0)
