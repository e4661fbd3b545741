"""Which passage says what a thing is, of two that a question compares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from apps.rag.generation.parts import parts_of
from apps.rag.understanding.compared import named

# "il y a société de fait lorsque", "lorsque …, il y a société de fait.", "la fusion est l'opération par laquelle"
_IS = r"(?:est|sont) (?:une?|la|le|l'|les|des|celle|celui|constitue)"
_MEANS = r"(?:designe|s'entend|consiste|constitue)"
_THERE_IS = re.compile(r"\bil y a (?P<there>[\w' ]{3,60}?)(?: lorsqu|\W*$)")
_DEFINES = re.compile(rf"^(?P<subject>[\w', ]{{3,70}}?) {_IS}|^(?P<meant>[\w', ]{{3,70}}?) {_MEANS}")
_SAME = 0.6  # of a subject's words that name the thing


def defining(thing: frozenset[str], texts: Iterable[tuple[int, str]]) -> int | None:
    """Return the index of the first text that says what a thing is, None where none does."""
    return next((index for index, text in texts if _defines(thing, text)), None)


def _defines(thing: frozenset[str], text: str) -> bool:
    for part in parts_of(text):
        there, found = _THERE_IS.search(part.folded), _DEFINES.search(part.folded)
        subject = named(there["there"] if there else found["subject"] or found["meant"] if found else "")
        if subject and thing.intersection(subject) and _is_same(thing, subject):
            return True
    return False


def _is_same(thing: frozenset[str], subject: Sequence[str]) -> bool:
    shared = len(thing.intersection(subject))
    return shared / len(set(subject)) >= _SAME and shared / len(thing) >= _SAME
