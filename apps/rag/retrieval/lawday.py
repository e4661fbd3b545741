"""A question for the law of another day: what was in force then, and where that does not answer, what is since.

The day is the one that the question names, or, where it asks for the law that was replaced, the last one before what
is in force now came into force.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

from apps.rag.types import Question, SearchResult
from apps.rag.understanding.lawdays import former_law_asked, law_day_asked
from apps.rag.understanding.understand import Reading
from kauri.lib import clock

Search = Callable[[Question, Reading], Awaitable[SearchResult]]


async def searched_on_that_day(
    question: Question, reading: Reading, result: SearchResult, again: Search
) -> SearchResult:
    """Return the result for the day that a question asks for in words; `result` is its first search.

    Where nothing of that day answers, the passages are those that answer today and came into force after it: a
    refusal names them. So it is where an undated text would answer instead. Raises what the searches raise.
    """
    # the words of a question in English are another's once it stands alone
    worded = (reading.understanding.standalone, question.text)
    is_former = any(map(former_law_asked, worded))
    if result.understanding.as_of_hint is None and is_former:
        day = _last_day_before(result) if question.scope.as_of == clock.today() else None
        result = await again(question, _on(reading, day)) if day else result
    day = result.understanding.as_of_hint
    is_asked = is_former or day in map(law_day_asked, worded)
    if day is None or not is_asked or _answers_by_date(result) or result.refusal_reason == "out_of_scope":
        return result
    now = await again(question, _on(reading, None))
    later = tuple(each for each in now.passages if (start := each.passage.in_force.start) and start > day)
    if not now.is_answerable or not later or (result.is_answerable and now.passages[0] != later[0]):
        return result
    # an act that was not in force then is held all the same
    reason = "reference_not_found" if result.refusal_reason == "reference_not_found" else "no_evidence"
    return replace(result, passages=later, evidence=now.evidence, is_answerable=False, refusal_reason=reason)


def _answers_by_date(result: SearchResult) -> bool:
    """Tell whether what answers first is known to have been in force: an undated text is law of no day."""
    first = result.passages[0].passage.in_force if result.passages else None
    return result.is_answerable and first is not None and bool(first.start or first.end)


def _on(reading: Reading, day: date | None) -> Reading:
    return replace(reading, understanding=replace(reading.understanding, as_of_hint=day))


def _last_day_before(result: SearchResult) -> date | None:
    """Return the last day without the text that answers now; None where nobody knows since when it is in force."""
    start = result.passages[0].passage.in_force.start if result.is_answerable and result.passages else None
    return start - timedelta(days=1) if start else None
