"""Legal forms of companies: which one a question names, and which one a passage speaks of."""

from __future__ import annotations

import re

from apps.rag.types import Passage
from kauri.lib.text import fold

_FORMS: dict[str, re.Pattern[str]] = {
    "SARL": re.compile(r"\bsarl\b|responsabilite limitee"),
    "SAS": re.compile(r"\bsasu?\b|actions simplifiee"),
    # "sa" alone is a possessive far more often than a company
    "SA": re.compile(
        r"\b(?:la|une|des|les|et|ou|contre|vs|en|d'une|,) sa\b(?! \w+ement| posses)|\bsa (?:et|ou|contre|vs|:)"
        r"|\bs\.a\.(?!r)|societes? anonymes?"
    ),
    "SNC": re.compile(r"\bsnc\b|nom collectif"),
    "SCS": re.compile(r"\bscs\b|commandite simple|commanditaire|commandite\b"),
    "GIE": re.compile(r"\bgie\b|interet economique"),
    "SEP": re.compile(r"societes? en participation"),
}
_ACT_TITLES = re.compile(r"groupements? d'interet economique|et du gie\b")


def named_forms(folded: str) -> tuple[str, ...]:
    """Return the forms that a folded text names, in order of appearance."""
    found = [(match.start(), form) for form, pattern in _FORMS.items() if (match := pattern.search(folded))]
    return tuple(form for _, form in sorted(found))


def forms_of(passage: Passage) -> tuple[str, ...]:
    """Return the forms that a passage is about: by its headings, else by its own words."""
    headings = _ACT_TITLES.sub(" ", fold(" ".join(passage.heading_path)))
    return named_forms(headings) or named_forms(fold(passage.text))


def speaks_of(form: str, passage: Passage) -> bool:
    """Tell whether a passage is about a form and no other one."""
    return forms_of(passage) == (form,)


def conflicts(folded: str, passage: Passage) -> bool:
    """Tell whether a question names forms and a passage is about others only."""
    asked, told = set(named_forms(folded)), set(forms_of(passage))
    return bool(asked and told and not asked & told)
