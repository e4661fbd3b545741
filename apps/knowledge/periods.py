"""Periods in which a text is in force, between the database's form and the engine's."""

from dataclasses import replace
from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange

from apps.rag.types import InForce


def period_of(in_force: "DateRange[date] | None") -> InForce:
    """Return a database period as the engine's; no period means no bounds."""
    return InForce(in_force.lower, in_force.upper) if in_force is not None else InForce(None, None)


def of_passage(version: InForce, own: "DateRange[date] | None") -> InForce:
    """Return the days on which a passage of a version is in force; its end may come before its start: then on none.

    What ended before its version began keeps its own beginning: a file may print what it replaced, such as the former
    chart beside the revised one, whose day the file bears.
    """
    period = period_of(own)
    is_past = period.start and period.end and version.start and period.end <= version.start
    return both(replace(version, start=period.start) if is_past else version, period)


def both(one: InForce, other: InForce) -> InForce:
    """Return the days that lie in both periods; its end may come before its start when there are none."""
    starts = [start for start in (one.start, other.start) if start]
    ends = [end for end in (one.end, other.end) if end]
    return InForce(max(starts, default=None), min(ends, default=None))


def is_some_day(period: InForce) -> bool:
    """Tell whether a period holds any day at all."""
    return period.start is None or period.end is None or period.start < period.end


def overlap(one: InForce, other: InForce) -> bool:
    """Tell whether two periods share a day."""
    return is_some_day(both(one, other))
