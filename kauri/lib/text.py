"""Comparison of words the way a reader compares them."""

import re
import unicodedata

_APART = {"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "ß": "ss"}


class _Bare(dict[int, str]):
    """What each character is without accents, found out when it is first met: a text takes one look-up for each."""

    def __missing__(self, code: int) -> str:
        apart = unicodedata.normalize("NFKD", _APART.get(chr(code), chr(code)))
        self[code] = "".join(char for char in apart if not unicodedata.combining(char))
        return self[code]


_BARE = _Bare()

_NARROW_SPACE = "\u202f"
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def groups_joined(text: str) -> str:
    """Return `text` with the groups of its numbers (1 000 000) held together on a line; no position moves."""
    return _THOUSANDS.sub(_NARROW_SPACE, text)


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, with straight apostrophes and ligatures apart.

    The length may change: never use positions of the folded text in the original.
    """
    return text.translate(_BARE).lower()
