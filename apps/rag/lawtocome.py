"""A question for the law of a year to come: what texts say of that day already, else what today's law says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from apps.rag.types import Question, SearchResult
from apps.rag.understanding.lawdays import without_day
from apps.rag.understanding.understand import Reading, understand
from kauri.lib import clock

Search = Callable[[Question, Reading], Awaitable[SearchResult]]


async def searched_as_known_today(question: Question, result: SearchResult, again: Search) -> SearchResult:
    """Return the result of today's law where a question is for that of a day to come, and no text that bears a date
    answers for it; `result` is its search on that day.

    A text without a date is law of no day, and one of another year says nothing. Raises what the search raises.
    """
    day = result.understanding.as_of_hint
    if day is None or day <= clock.today() or result.refusal_reason == "out_of_scope" or _answers_by_date(result):
        return result
    # no text of today names that year: left in, it would speak against every one
    asked = replace(question, text=without_day(question.text))
    reading = understand(asked)
    then = await again(asked, replace(reading, understanding=replace(reading.understanding, as_of_hint=day)))
    if _answers_by_date(then):
        return then
    now = await again(asked, reading)
    return now if now.is_answerable else result


def _answers_by_date(result: SearchResult) -> bool:
    first = result.passages[0].passage.in_force if result.is_answerable and result.passages else None
    return first is not None and bool(first.start or first.end)
