"""Days in words, as French writes them."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language


def written(day: date) -> str:
    """Return a day in the reader's language: 5 May 2014, « 1er janvier 2018 »."""
    words = date_format(day, "DATE_FORMAT")
    if day.day == 1 and (get_language() or "fr").startswith("fr"):
        return words.replace("1", "1er", 1)
    return words
