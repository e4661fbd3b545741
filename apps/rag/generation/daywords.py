"""What is said where a question asks for the law of another day: why none answers, or what the answer lacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.rag.generation.wording import source_name
from apps.rag.types import Passage, Question, SearchResult
from apps.rag.understanding.editions import day_asked, former_chart_asked
from apps.rag.understanding.lawdays import former_law_asked, law_day_asked
from apps.rag.understanding.references import PLAN_FORMER
from kauri.lib import clock, days


def why_not_then(question: Question, result: SearchResult) -> str:
    """Say which day was searched in vain, and since when the nearest text is in force; "" where no day was asked for.

    The question's scope is on that day already.
    """
    if result.understanding.as_of_hint is None:
        return ""
    day = question.scope.as_of
    if _asks_for_former_chart(question, result):
        words = _(
            "I searched the former SYSCOHADA chart, as it was on %(day)s: no text that I hold for that day answers the"
            " question with enough certainty."
        ) % {"day": days.written(day)}
    else:
        words = _(
            "I searched the law of %(day)s, which the question is about: no text that I hold for that day answers it"
            " with enough certainty."
        ) % {"day": days.written(day)}
    later = [each.passage for each in result.passages if (start := each.passage.in_force.start) and start > day]
    first = next((passage for passage in later if passage.kind != "sample"), later[0] if later else None)
    if first is None or first.in_force.start is None:
        return words
    source, since = source_name(first).replace("**", ""), days.written(first.in_force.start)
    nearest = _("The nearest text, %(source)s, is in force only since %(day)s.") % {"source": source, "day": since}
    return f"{words} {nearest}"


def note_on_day(question: Question, result: SearchResult, cited: Sequence[Passage]) -> str:
    """Return what to add to an answer about another day: that today's law is all there is, that the day is to come,
    that nothing cited bears a date, or when a chart that was replaced applied."""
    if not cited:
        return ""
    to_come, day = _day_to_come(question, result), question.scope.as_of
    if to_come is not None and day >= clock.today() and _is_todays(cited) and not _is_any_yet_to_come(result):
        return _("I hold no text specific to %(year)s: the answer rests on the law in force on %(day)s.") % {
            "year": to_come.year,
            "day": days.written(clock.today()),
        }
    if replaced := _days_of_former_chart(cited):
        return replaced
    if not _asks_for_another_day(question, result):
        return ""
    if day > clock.today():
        return _("%(day)s is still to come: the answer holds if the texts do not change before.") % {
            "day": days.written(day)
        }
    if any(passage.in_force.start or passage.in_force.end for passage in cited):
        return ""
    return _("What is cited bears no date: nothing shows that it was the law on %(day)s.") % {"day": days.written(day)}


def _days_of_former_chart(cited: Sequence[Passage]) -> str:
    """Say from which day to which the former chart applied, where rows of it are cited; "" where none is, or no end is
    known."""
    periods = [passage.in_force for passage in cited if passage.plan == PLAN_FORMER]
    start, end = next(((each.start, each.end) for each in periods if each.end), (None, None))
    if end is None:
        return ""
    last = days.written(end - timedelta(days=1))
    if start is None:
        return _("The former SYSCOHADA chart applied until %(last)s.") % {"last": last}
    values = {"first": days.written(start), "last": last}
    return _("The former SYSCOHADA chart applied from %(first)s to %(last)s.") % values


def _is_todays(cited: Sequence[Passage]) -> bool:
    return all(passage.in_force.contains(clock.today()) for passage in cited)


def _is_any_yet_to_come(result: SearchResult) -> bool:
    starts = (each.passage.in_force.start for each in result.passages)
    return any(start is not None and start > clock.today() for start in starts)


def _day_to_come(question: Question, result: SearchResult) -> date | None:
    """Return the day of a year to come whose law a question asks for, None where it asks for none."""
    day = day_asked(result.understanding.standalone) or day_asked(question.text)
    return day if day is not None and day.year > clock.today().year else None


def _asks_for_another_day(question: Question, result: SearchResult) -> bool:
    worded = (result.understanding.standalone, question.text)
    is_asked = any(law_day_asked(words) is not None or former_law_asked(words) for words in worded)
    return is_asked and result.understanding.as_of_hint is not None


def _asks_for_former_chart(question: Question, result: SearchResult) -> bool:
    return former_chart_asked(result.understanding.standalone) or former_chart_asked(question.text)
