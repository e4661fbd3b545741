"""French numbers written in words, where people write article numbers so."""

from __future__ import annotations

import re

_UNITS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
    "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60,
    "septante": 70, "octante": 80, "nonante": 90,
}  # fmt: skip
_WORD = "|".join(sorted([*_UNITS, "cent", "cents", "mille", "et"], key=len, reverse=True))
NUMBER_WORDS = re.compile(rf"\b(?:{_WORD})(?:[ -](?:{_WORD}))*\b")


def number_read(words: str) -> int | None:
    """Return the number that folded French words say, such as `deux cent dix`; None if they say none."""
    total, group = 0, 0
    seen = False
    for word in re.split(r"[ -]+", words.strip()):
        if word in ("cent", "cents"):
            group = max(group, 1) * 100
        elif word == "mille":
            total, group = total + max(group, 1) * 1000, 0
        elif word in ("vingt", "vingts") and group % 100 == 4:
            group += 76
        elif word in _UNITS:
            group += _UNITS[word]
        elif word != "et":
            return None
        seen = seen or word != "et"
    return total + group if seen else None
