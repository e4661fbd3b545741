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
_NO_BREAK_SPACE = "\u00a0"
_WORD_JOINER = "\u2060"
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
# French marks, and the number of an article or of a judgment
_UNBROKEN = re.compile(r"(?<=\S) (?=[;:!?»%])|(?<=«) |(?<=\b[Aa]rt\.) (?=\w)|(?<=\b[Aa]rts\.) (?=\w)|(?<=\bn°) (?=\d)")
_INSIDE_NUMBER = re.compile(r"(?<=\d)-(?=\d)")


def lines_kept(text: str) -> str:
    """Return `text` for a page: no line ends before a French mark, within a number, or after "art.".

    `static/js/markdown.js` does the same while an answer streams: change both together.
    """
    whole = _UNBROKEN.sub(_NO_BREAK_SPACE, _THOUSANDS.sub(_NARROW_SPACE, text))
    return _INSIDE_NUMBER.sub(f"-{_WORD_JOINER}", whole)


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, with straight apostrophes and ligatures apart.

    The length may change: never use positions of the folded text in the original.
    """
    return text.translate(_BARE).lower()
