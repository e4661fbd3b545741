"""Questions about the former chart of accounts, which is in force on no day of today's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from apps.rag.types import Question, Scope
from apps.rag.understanding.reading import plan_asked
from apps.rag.understanding.references import PLAN_FORMER

# The revised SYSCOHADA took over on 1 January 2018.
LAST_DAY = date(2017, 12, 31)


def scope_of_former_plan(question: Question) -> Scope:
    """Return the question's scope, as of the former chart's last day where the question asks for that chart."""
    scope = question.scope
    if scope.as_of <= LAST_DAY or plan_asked(question.text) != PLAN_FORMER:
        return scope
    return replace(scope, as_of=LAST_DAY)
