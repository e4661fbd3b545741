"""The days of a passage beside those of its version."""

from __future__ import annotations

from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.knowledge.periods import of_passage
from apps.rag.types import InForce

D2001, D2010, D2014, D2018, D2020 = (date(year, 1, 1) for year in (2001, 2010, 2014, 2018, 2020))


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (None, InForce(D2014, None)),
        (DateRange(D2020, None), InForce(D2020, None)),
        # what the version replaced keeps its own days
        (DateRange(D2001, D2010), InForce(D2001, D2010)),
        # what is in force beside it began with it at the earliest: the days before are those of the version before
        (DateRange(D2010, None), InForce(D2014, None)),
        (DateRange(D2010, D2018), InForce(D2014, D2018)),
    ],
)
def test_a_passage_begins_before_its_version_only_where_it_ended_before_it(
    own: DateRange[date] | None, expected: InForce
) -> None:
    assert of_passage(InForce(D2014, None), own) == expected
