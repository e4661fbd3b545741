"""French numbers written in words, where people write article and account numbers so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_UNITS = {
    "zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8,
    "neuf": 9, "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
}  # fmt: skip
_TENS = {
    "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60,
    "septante": 70, "huitante": 80, "octante": 80, "nonante": 90,
}  # fmt: skip
# As people type them in a hurry.
_SLIPS = {
    "deu": "deux", "troi": "trois", "quatres": "quatre", "quate": "quatre", "cinqs": "cinq", "cink": "cinq",
    "sis": "six", "set": "sept", "vint": "vingt", "vin": "vingt", "cen": "cent", "cens": "cents", "milles": "mille",
    "quarente": "quarante", "cincante": "cinquante", "soixente": "soixante", "trent": "trente",
}  # fmt: skip
_PLAIN = sorted([*_UNITS, *_TENS, "cent", "cents", "mille"], key=len, reverse=True)
_ANY = sorted([*_PLAIN, *_SLIPS], key=len, reverse=True)
_WORD = "|".join(_ANY)
_LINK = r"(?:(?: et |-et-)(?=un\b|une\b|onze\b)|[ -])"
# Folded text; a slip counts only beside another number word, for "vin" and "set" are words too.
NUMBER_WORDS = re.compile(rf"\b(?:(?:{'|'.join(_PLAIN)})|(?:{_WORD})(?={_LINK}(?:{_WORD})\b))(?:{_LINK}(?:{_WORD}))*\b")


def numbers_read(words: str) -> list[int]:
    """Return the numbers that folded French words say one after the other: `quarante et un onze` is 41, 11.

    A word that says no number ends the reading.
    """
    tokens = list(_tokens(words))
    found: list[int] = []
    at = 0
    while at < len(tokens):
        value, after = _number(tokens, at)
        if after == at:
            break
        found.append(value)
        at = after
    return found


def _number(tokens: Sequence[str], at: int) -> tuple[int, int]:
    """Read one number below a million; return it and the place after it, the same place for none."""
    value, after = _below_thousand(tokens, at)
    if _word(tokens, after) == "mille":
        rest, end = _below_thousand(tokens, after + 1)
        return max(value, int(after == at)) * 1_000 + rest, end
    return value, after


def _below_thousand(tokens: Sequence[str], at: int) -> tuple[int, int]:
    value, after = _below_hundred(tokens, at)
    if _word(tokens, after) == "cent" and (after == at or 2 <= value <= 9):
        rest, end = _below_hundred(tokens, after + 1)
        return max(value, int(after == at)) * 100 + rest, end
    return value, after


def _below_hundred(tokens: Sequence[str], at: int) -> tuple[int, int]:
    if _word(tokens, at) == "quatre" and _word(tokens, at + 1) == "vingt":
        rest, end = _below_twenty(tokens, at + 2)
        return 80 + rest, end
    ten = _TENS.get(_word(tokens, at))
    if ten is None:
        return _below_twenty(tokens, at)
    rest, end = _below_twenty(tokens, at + 1)
    if 0 < rest < (20 if ten == 60 else 10):
        return ten + rest, end
    return ten, at + 1


def _below_twenty(tokens: Sequence[str], at: int) -> tuple[int, int]:
    value = _UNITS.get(_word(tokens, at))
    if value is None or (_word(tokens, at), _word(tokens, at + 1)) == ("quatre", "vingt"):
        return 0, at
    unit = _UNITS.get(_word(tokens, at + 1), 0)
    return (value + unit, at + 2) if value == 10 and 7 <= unit <= 9 else (value, at + 1)


def _word(tokens: Sequence[str], at: int) -> str:
    return tokens[at] if at < len(tokens) else ""


def number_read(words: str) -> int | None:
    """Return the number that folded French words say, such as `deux cent dix`; None if they say none, or several."""
    found = numbers_read(words)
    return found[0] if len(found) == 1 else None


def digits_read(words: str) -> str:
    """Return the digits of an account number said in words, in one go or in pieces; "" if the words say none."""
    return "".join(str(number) for number in numbers_read(words))


def _tokens(words: str) -> Iterator[str]:
    for word in re.split(r"[ -]+", words.strip()):
        plain = _SLIPS.get(word, word)
        if plain != "et":
            yield "cent" if plain == "cents" else "vingt" if plain == "vingts" else plain
