"""Comparison of words the way a reader compares them."""

import unicodedata

_APART = str.maketrans(
    {"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "ß": "ss"}
)


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, with straight apostrophes and ligatures apart.

    The length may change: never use positions of the folded text in the original.
    """
    apart = unicodedata.normalize("NFKD", text.translate(_APART))
    return "".join(char for char in apart if not unicodedata.combining(char)).lower()
