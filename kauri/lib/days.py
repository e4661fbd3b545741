"""Days in words, as French writes them, and as commands take them."""

from argparse import ArgumentTypeError
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def written(day: date) -> str:
    """Return a day in the reader's language: 5 May 2014, « 1er janvier 2018 »."""
    words = date_format(day, "DATE_FORMAT")
    if day.day == 1 and (get_language() or "fr").startswith("fr"):
        return words.replace("1", "1er", 1)
    return words


def day_read(text: str) -> date:
    """Return the day that an operator typed. Raises ArgumentTypeError, whose sentence argparse shows."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(_("%(text)s is not a date such as 2018-01-01") % {"text": text}) from error
