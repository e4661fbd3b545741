"""Comparison of words the way a reader compares them."""

import re
import unicodedata

_APART = {"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "ß": "ss"}


class _Bare(dict[str, str]):
    """What each character is without accents, found out when it is first met."""

    def __missing__(self, char: str) -> str:
        apart = unicodedata.normalize("NFKD", _APART.get(char, char))
        # a second look, so that no character stands for one that another stands for
        self[char] = "".join(_APART.get(each, each) for each in apart if not unicodedata.combining(each))
        return self[char]


_BARE = _Bare()
# What is itself without accents.
_PLAIN = frozenset(map(chr, range(128))) - _APART.keys()

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
    # A dozen characters of a French text are not plain ones: to put each right in the whole of it takes half the time
    # of looking up every character.
    for char in set(text) - _PLAIN:
        text = text.replace(char, _BARE[char])
    return text.lower()
