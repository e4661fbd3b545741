"""The current time, asked in one place."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return timezone.now()


def today() -> date:
    """Return today's date in the server's time zone: the default as-of date of every search."""
    return timezone.localdate()
