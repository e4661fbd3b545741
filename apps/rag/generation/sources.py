"""What passages say, read once for all pieces and answers: their words, numbers, dates and odd tokens."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from apps.rag.analysis import terms
from apps.rag.generation import signs
from apps.rag.generation.dates import Day, dates, days
from apps.rag.generation.numbers import Mention, mentions
from apps.rag.generation.quotes import QuotableText, quotable
from apps.rag.types import InForce, Passage, display_locator

# Reading a passage takes some five microseconds a character: only those that are cited are read.
_N_KEPT = 512


@lru_cache(maxsize=_N_KEPT)
def words_of(passage: Passage) -> QuotableText:
    """Return the text as quotations are compared with it."""
    return quotable(passage.text)


@lru_cache(maxsize=_N_KEPT)
def numbers_of(passage: Passage) -> tuple[Mention, ...]:
    """Return every number of the text, its place, headings and title, and its in-force dates."""
    return (
        *mentions(whole_of(passage)),
        *(number for day in _bounds(passage.in_force) for number in date_numbers(day)),
    )


@lru_cache(maxsize=_N_KEPT)
def dates_of(passage: Passage) -> tuple[Day, ...]:
    """Return every date of the same."""
    return (*dates(whole_of(passage)), *days(_bounds(passage.in_force)))


@lru_cache(maxsize=_N_KEPT)
def stems_of(passage: Passage) -> frozenset[str]:
    """Return the stems of the same."""
    return frozenset(terms(whole_of(passage)))


@lru_cache(maxsize=_N_KEPT)
def tokens_of(passage: Passage) -> frozenset[str]:
    """Return the words of the same that mix letters and figures."""
    return frozenset(signs.mixed_tokens(whole_of(passage)))


def date_numbers(day: date) -> tuple[Mention, ...]:
    """Return a date's day, month and year as numbers of a text."""
    return tuple(Mention(0, 0, frozenset({Fraction(part)}), "date") for part in (day.day, day.month, day.year))


def _bounds(period: InForce) -> tuple[date, ...]:
    """Return the days that a reader may be told: the first in force, the first without it, and the last in force."""
    end = (period.end, period.end - timedelta(days=1)) if period.end else ()
    return tuple(day for day in (period.start, *end) if day)


@lru_cache(maxsize=_N_KEPT)
def whole_of(passage: Passage) -> str:
    """Return the place, headings, title and text: what a claim may lean on, and where numbers have their places."""
    place = display_locator(passage.locator, passage.code)
    return " \n".join([place, *passage.heading_path, passage.document_title, passage.text])
