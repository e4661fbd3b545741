"""A question for the law of a year to come: what texts say of that day already, else what today's law says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date

from apps.rag.types import Question, SearchResult
from apps.rag.understanding.lawdays import without_day
from apps.rag.understanding.understand import Reading, understand
from kauri.lib import clock

Search = Callable[[Question, Reading], Awaitable[SearchResult]]


async def searched_as_known_today(question: Question, result: SearchResult, again: Search) -> SearchResult:
    """Return the result of today's law where a question is for that of a day to come, and no text that is yet to come
    into force answers for it; `result` is its search on that day.

    What is in force today may be so on that day or not: nobody knows. Raises what the search raises.
    """
    day = result.understanding.as_of_hint
    if day is None or day <= clock.today() or result.refusal_reason == "out_of_scope" or _is_yet_to_come(result):
        return result
    # no text of today names that year: left in, it would speak against every one
    asked = replace(question, text=without_day(question.text))
    reading = understand(asked)
    then = await again(asked, _on(reading, day))
    if _is_yet_to_come(then):
        return then
    now = await again(asked, _on(reading, None))
    return now if now.is_answerable else result


def _on(reading: Reading, day: date | None) -> Reading:
    return replace(reading, understanding=replace(reading.understanding, as_of_hint=day))


def _is_yet_to_come(result: SearchResult) -> bool:
    start = result.passages[0].passage.in_force.start if result.is_answerable and result.passages else None
    return start is not None and start > clock.today()
