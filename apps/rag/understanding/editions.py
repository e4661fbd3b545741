"""Questions about the law of another day than today's: a former chart, another year's tax code, a day in words.

The scope's day stands, with three exceptions that the question itself must ask for in words:

- the former chart of accounts ("l'ancien SYSCOHADA") is read on the last day on which it was in force;
- a tax code has one edition a year: a question on taxes that names exactly one year as its edition, exercise or law of
  finance ("CGI 2025", "exercice 2025", "en 2025") is read on the last day of that year, a year to come on its first;
- a question for the rule of another time ("quel était … en 2012") is read on that day (see lawdays).

The last two only where the scope's day is today's: a person who chose another day is asking for that day.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from apps.rag.types import Question, Scope
from apps.rag.understanding.folded import fold
from apps.rag.understanding.lawdays import law_day_asked
from apps.rag.understanding.reading import plan_asked
from apps.rag.understanding.references import PLAN_FORMER
from kauri.lib import clock

# The revised SYSCOHADA took over on 1 January 2018.
LAST_DAY = date(2017, 12, 31)

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
_OF_TAXES = re.compile(
    r"\b(?:cgi|impot\w*|impos\w+|tax\w+|fisc\w*|tva|irpp|its|igf|patente\w*|contribuable\w*|accises?|centimes"
    r"|lois? de finances?|redevance\w*|degrevement|recouvrement|deduct\w*|exoner\w+|abattement|is)\b"
)


def edition_asked(text: str) -> date | None:
    """Return the last day of the one year whose tax law a question asks for in words; None for none, or several."""
    folded = fold(text)
    if not _OF_TAXES.search(folded):
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
    if scope.as_of > LAST_DAY and plan_asked(question.text) == PLAN_FORMER:
        return replace(scope, as_of=LAST_DAY)
    today = clock.today()
    if as_of_hint is None or scope.as_of != today or today <= as_of_hint <= date(today.year, 12, 31):
        return scope
    return replace(scope, as_of=as_of_hint if as_of_hint < today else as_of_hint.replace(month=1, day=1))
