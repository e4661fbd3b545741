"""What the composer's chips offer and hold: the day of the law, the texts, the country."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.chat.types import Filters
from kauri.lib import clock, days
from kauri.lib.countries import COUNTRIES, country_label
from kauri.lib.text import fold


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """The chips of the composer; `as_of` is None for today."""

    today: date
    year_end: date
    as_of: date | None
    namespaces: tuple[Option, ...]
    countries: tuple[Option, ...]
    country: str

    @property
    def is_year_end(self) -> bool:
        return self.as_of == self.year_end

    @property
    def is_other_date(self) -> bool:
        return self.as_of is not None and not self.is_year_end

    @property
    def n_namespaces(self) -> int:
        return sum(option.is_chosen for option in self.namespaces)

    @property
    def is_narrowed(self) -> bool:
        return 0 < self.n_namespaces < len(self.namespaces)

    @property
    def country_label(self) -> str:
        return country_label(self.country)


def scope_choice(
    namespaces: Sequence[tuple[str, str]], *, filters: Filters | None = None, is_today: bool = True
) -> ScopeChoice:
    """Return the chips over the readable `namespaces` (slug, title), set as in the question before."""
    today = clock.today()
    chosen = set(filters.namespaces) if filters and filters.namespaces else {slug for slug, _title in namespaces}
    country = (filters.country or "") if filters else ""
    by_name = sorted(COUNTRIES, key=lambda code: fold(country_label(code)))
    countries = [Option("", _("All states"), not country)]
    countries += [Option(code, country_label(code), code == country) for code in by_name]
    return ScopeChoice(
        today=today,
        year_end=date(today.year - 1, 12, 31),
        as_of=None if filters is None or is_today else filters.as_of,
        namespaces=tuple(Option(slug, title, slug in chosen) for slug, title in namespaces),
        countries=tuple(countries),
        country=country,
    )


def scope_words(filters: Filters, *, asked_on: date) -> tuple[str, ...]:
    """Say beside a question what it was asked over: the day, the texts, the country."""
    day = days.written(filters.as_of)
    is_same_day = filters.as_of == asked_on
    words = [_("Law of the day: %(day)s") % {"day": day} if is_same_day else _("Law of %(day)s") % {"day": day}]
    n = len(filters.namespaces)
    words.append(ngettext("%(n)d collection", "%(n)d collections", n) % {"n": n} if n else _("All the texts"))
    if filters.country:
        words.append(country_label(filters.country))
    return tuple(words)
