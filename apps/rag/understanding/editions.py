"""Questions about the law of another day than today's: a former chart, another year's tax code, a day in words.

The scope's day stands, with three exceptions that the question itself must ask for in words:

- the former chart of accounts ("l'ancien SYSCOHADA") is read on the last day on which it was in force, or on the day
  before it that the question names beside ("dans l'ancien plan en 2012"), unless it asks what became of that chart;
- a tax code has one edition a year: a question on taxes that names exactly one year as its edition, exercise or law of
  finance ("CGI 2025", "exercice 2025", "en 2025") is read on the last day of that year, a year to come on its first;
- a question for the rule of another time ("quel était … en 2012") is read on that day (see lawdays).

And on a day of the former chart an account is one of that chart, whether the question says so or not.

The last two only where the scope's day is today's: a person who chose another day is asking for that day.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from apps.rag.types import Question, Reference, Scope
from apps.rag.understanding.charts import REVISED_SINCE
from apps.rag.understanding.folded import fold
from apps.rag.understanding.lawdays import law_day_asked, without_day
from apps.rag.understanding.reading import account_of, class_of, plan_asked, references_read
from apps.rag.understanding.references import PLAN_FORMER, PLAN_REVISED
from kauri.lib import clock

# The revised SYSCOHADA took over on the day after.
LAST_DAY = REVISED_SINCE - timedelta(days=1)

_YEAR = re.compile(r"(?<![\d./-])(20[0-4]\d)(?![\d/]|\.\d)")
_OF_AN_EDITION = re.compile(
    r"\b(?:cgi|code (?:general )?des impots|code fiscal)(?: \w+){0,3} (?:de |pour )?(?P<code>20\d\d)\b"
    r"|\b(?:edition|version|loi de finances?|l\.? ?f\.?|exercices?|annees?|campagne|revenus?|bareme|taux|tva|is"
    r"|irpp)(?: (?:fiscale?|clos|comptable|rectificative|applicable|percus|le|31|decembre|au|de|pour|l'annee|en"
    r"|du)){0,4}"
    r" ?(?P<named>20\d\d)\b"
    r"|\b(?:en|pour|depuis|courant|fin|debut|au titre de|a partir de|des) (?:l'annee |l'exercice )?(?P<during>20\d\d)\b"
    r"|\b(?:1er|31|30) (?:janvier|decembre|juin|mars) (?P<dated>20\d\d)\b"
)
_OF_CHANGE = re.compile(
    r"\b(?:differences?|comparaison|comparer) (?:\w+ ){0,3}?(?:entre|avec|de l'ancien)\b|\b(?:qui|a|ont) change\w*\b"
    r"|\bsupprime\w*\b|\bremplace\w* (?:l'ancien|par)\b|\b(?:passer|passage|transition|basculer) (?:de|du)\b"
    r"|(?<!non )\b(?:plan|syscohada|le|au|du) (?:nouveau|revise|actuel)\b|\bnouveau (?:plan|syscohada)\b"
)
_OF_TAXES = re.compile(
    r"\b(?:cgi|impot\w*|impos\w+|tax\w+|fisc\w*|tva|irpp|its|igf|patente\w*|contribuable\w*|accises?|centimes"
    r"|lois? de finances?|redevance\w*|degrevement|recouvrement|deduct\w*|exoner\w+|abattement|is)\b"
)


def is_of_taxes(folded: str) -> bool:
    """Tell whether a folded question is on taxes, which are each state's own."""
    return _OF_TAXES.search(folded) is not None


def edition_asked(text: str) -> date | None:
    """Return the last day of the one year whose tax law a question asks for in words; None for none, or several."""
    folded = fold(text)
    if not is_of_taxes(folded):
        return None
    years = {int(year) for year in _YEAR.findall(folded)}
    named = {int(year) for match in _OF_AN_EDITION.finditer(folded) for year in match.groups() if year}
    return date(years.pop(), 12, 31) if len(years) == 1 and named == years else None


def day_asked(text: str) -> date | None:
    """Return the day whose law a question asks for in words; None for none, or several."""
    return edition_asked(text) or law_day_asked(text)


def scope_meant(question: Question, as_of_hint: date | None) -> Scope:
    """Return the scope on the day that the question asks for in words; the rule stands at the head of this module."""
    scope = question.scope
    if scope.as_of > LAST_DAY and former_chart_asked(question.text):
        return replace(scope, as_of=min(as_of_hint or LAST_DAY, LAST_DAY))
    today = clock.today()
    if as_of_hint is None or scope.as_of != today or today <= as_of_hint <= date(today.year, 12, 31):
        return scope
    return replace(scope, as_of=as_of_hint if as_of_hint < today else as_of_hint.replace(month=1, day=1))


def former_chart_asked(text: str) -> bool:
    """Tell whether a question is for the former chart itself, and not for how the revised one differs from it: that is
    told by texts of since."""
    if plan_asked(text) != PLAN_FORMER:
        return False
    return _OF_CHANGE.search(fold(text)) is None or bool(references_read(text))


def plan_meant(text: str, as_of: date) -> str:
    """Return the chart of accounts that a text means on a day: before the revised one there was the former one."""
    plan = plan_asked(text)
    return PLAN_FORMER if plan == PLAN_REVISED and as_of <= LAST_DAY else plan


def references_meant(references: tuple[Reference, ...], as_of: date) -> tuple[Reference, ...]:
    """Return references with the accounts and classes of the revised chart as those of the former one on its days."""
    return tuple(_former(each) for each in references) if as_of <= LAST_DAY else references


def _former(reference: Reference) -> Reference:
    if reference.source != PLAN_REVISED or reference.kind not in ("account", "class"):
        return reference
    return (account_of if reference.kind == "account" else class_of)(PLAN_FORMER, reference.number)


def words_sought(text: str, as_of: date) -> str:
    """Return a question without the year of its law, where that was the former chart's: 2015 is an account of it."""
    return without_day(text) if as_of <= LAST_DAY and law_day_asked(text) else text
