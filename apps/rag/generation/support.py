"""Whether a number that an answer states stands in what it cites, in the question, or follows from a calculation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from apps.rag.generation.numbers import CURRENCIES, TIMES, Mention
from apps.rag.generation.sentences import paragraphs
from apps.rag.generation.sources import numbers_of
from apps.rag.types import Passage

_PARAGRAPH_REFERENCE = re.compile(r"(?:\bal\.|alin[ée]as?|paragraphs?|§)\s*\Z", re.IGNORECASE)
_CLASS_REFERENCE = re.compile(r"\bclass(?:es?)?\s*\Z", re.IGNORECASE)
_ARTICLE_REFERENCE = re.compile(
    r"\b(?:arts?\.?|articles?)\s*(?:n°\s*)?(?:(?:[A-Z]\.?\s?)?\d[\d.-]*\s*(?:,|;|et|ou|à|and|to)\s*)*\Z", re.IGNORECASE
)
_FIRST_YEAR = 1_900
# Three associates are no three years and no 3 %; but "1 000 000 parts" may be what a text gives in francs.
_NO_THINGS = TIMES | CURRENCIES | {"%", "mille"}


def is_supported(
    claim: str, number: Mention, given: Sequence[Mention], computed: Iterable[Mention], backing: Sequence[Passage]
) -> bool:
    """Tell whether a number of `claim` is vouched for.

    `given` are the numbers of the question, `backing` the passages whose numbers count, `computed` results of
    calculations that came out right. What an article is said to provide stands in that article or names it: that the
    question names it is no ground.
    """
    stated = [mention for passage in backing for mention in numbers_of(passage)]
    if claim[number.start].isdigit() and _ARTICLE_REFERENCE.search(claim[max(0, number.start - 60) : number.start]):
        named = [other for other in stated if other.unit == "ref"]
        return any(_is_same(number, other) for other in named)
    stated += given
    if number.code:
        return any(number.code == other.code for other in stated)
    if any(_agrees(number, other) for other in stated) or any(_follows(number, result) for result in computed):
        return True
    before = claim[max(0, number.start - 20) : number.start]
    if _PARAGRAPH_REFERENCE.search(before):
        return any(number.values & {Fraction(n + 1)} for each in backing for n in range(len(paragraphs(each.text))))
    if _CLASS_REFERENCE.search(before):
        return any(str(next(iter(number.values))) == _account_class(each) for each in backing)
    return False


def _is_same(number: Mention, other: Mention) -> bool:
    return number.code == other.code if number.code else bool(number.values & other.values)


def _agrees(number: Mention, other: Mention) -> bool:
    """Tell whether a claimed number is the same as one that stands: value and, where both have one, unit."""
    if number.unit == "%":
        return bool(_shares(number) & _shares(other))
    if number.unit == "part" and _shares(number) & _shares(other):
        return True
    if not number.values & other.values:
        return False
    if other.unit == "date":
        # "2014" may be a year without a month; "5" is the fifth of a month only beside one.
        return number.unit == "date" or (number.unit in {"", "thing"} and min(number.values) >= _FIRST_YEAR)
    if not (number.unit and other.unit) or number.unit == other.unit:
        return True
    units = {number.unit, other.unit}
    return "thing" in units and not units & _NO_THINGS


def _follows(number: Mention, result: Mention) -> bool:
    """Tell whether a number is the result of a calculation: one without a unit is a sum, no time and no rate."""
    if number.unit == "%" or result.unit == "%":
        return bool(_shares(number) & _shares(result))
    if not number.values & result.values:
        return False
    return number.unit == result.unit or number.unit not in TIMES


def _shares(number: Mention) -> frozenset[Fraction]:
    """Return a percentage or a fraction as a share of one; other numbers are no share."""
    if number.unit == "%":
        return frozenset(value / 100 for value in number.values)
    return number.values if number.unit == "part" else frozenset()


def _account_class(passage: Passage) -> str:
    name, _, number = passage.locator.rpartition(" ")
    return number[:1] if name.lower() == "compte" else ""
