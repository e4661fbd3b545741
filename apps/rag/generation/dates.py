"""Dates as French and English texts write them, for telling 5 mai 2014 from 5 juin 2014."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kauri.lib.text import fold

_NAMES = (
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "january february march april may june july august september october november december",
)
_MONTHS = {name: number for names in _NAMES for number, name in enumerate(names.split(), start=1)}
_NAME = "|".join(_MONTHS)
_DAY_NAMES = (
    "premier deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit"
    " dix-neuf vingt vingt-et-un vingt-deux vingt-trois vingt-quatre vingt-cinq vingt-six vingt-sept vingt-huit"
    " vingt-neuf trente trente-et-un"
)
_DAYS = {name: number for number, name in enumerate(_DAY_NAMES.split(), start=1)}
_DAY_NAME = "|".join(name.replace("-", "[ -]") for name in sorted(_DAYS, key=len, reverse=True))
_YEAR = r"(?:1[6-9]|20|21)\d{2}"
_WRITTEN = re.compile(
    rf"(?<![\w/-])(?:(?:(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?|(?P<name>{_DAY_NAME}))(?:\s*\([^()]{{1,20}}\))?\s+)?(?P<month>{_NAME})\b"
    rf"(?:\s+(?P<late>\d{{1,2}})(?:st|nd|rd|th)?,)?(?:\s+(?P<year>{_YEAR})\b)?"
)
_NUMERIC = re.compile(rf"(?<![\d/])(?P<day>\d{{1,2}})[/.-](?P<month>\d{{1,2}})[/.-](?P<year>{_YEAR})(?![\d/])")
# Words of other meanings where neither a day nor a year stands beside them.
_ALSO_WORDS = frozenset({"may", "march"})


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is written; None where a part is not."""

    day: int | None
    month: int
    year: int | None

    def agrees(self, other: Day) -> bool:
        """Tell whether `other` says all that this date says; a year that `other` leaves open is no objection."""
        is_year_fine = self.year is None or other.year in (None, self.year)
        return self.month == other.month and self.day in (None, other.day) and is_year_fine


def dates(text: str) -> tuple[Day, ...]:
    """Return the dates of a text, be they a month alone."""
    plain = fold(text)
    found = [_day(match["day"], match["month"], match["year"]) for match in _NUMERIC.finditer(plain)]
    for match in _WRITTEN.finditer(plain):
        name = _DAYS.get((match["name"] or "").replace(" ", "-"))
        day = match["day"] or match["late"] or (str(name) if name else None)
        if match["month"] not in _ALSO_WORDS or day or match["year"]:
            found.append(_day(day, str(_MONTHS[match["month"]]), match["year"]))
    return tuple(found)


def days(values: Iterable[date | None]) -> tuple[Day, ...]:
    """Return calendar dates as dates of a text."""
    return tuple(Day(each.day, each.month, each.year) for each in values if each is not None)


def _day(day: str | None, month: str, year: str | None) -> Day:
    return Day(int(day) if day else None, int(month), int(year) if year else None)
