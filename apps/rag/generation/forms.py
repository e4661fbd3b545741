"""Legal forms of companies: which one a passage speaks of."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag.types import Passage
from apps.rag.understanding.forms import named_forms
from kauri.lib.text import fold

_ACT_TITLES = re.compile(r"groupements? d'interet economique|et du gie\b")


def forms_of(passage: Passage) -> tuple[str, ...]:
    """Return the forms that a passage is about: by the nearest of its headings that names any, else by its own words.

    "Capital de la SA" below "SARL et SA : comparaison" is about the SA alone.
    """
    return _forms_of(passage.heading_path, passage.text)


def named_in(passage: Passage) -> frozenset[str]:
    """Return all the forms that a passage or the nearest of its headings names."""
    return frozenset((*_forms_of(passage.heading_path, passage.text), *named_forms(fold(passage.text))))


def heading_forms(passage: Passage) -> tuple[str, ...]:
    """Return the forms that the nearest of a passage's headings to name any names."""
    return _heading_forms(passage.heading_path)


# asked for several times in one answer, and again in the next ones
@lru_cache(maxsize=4_096)
def _forms_of(heading_path: tuple[str, ...], text: str) -> tuple[str, ...]:
    return _heading_forms(heading_path) or named_forms(fold(text))


def _heading_forms(heading_path: tuple[str, ...]) -> tuple[str, ...]:
    named = (named_forms(_ACT_TITLES.sub(" ", fold(heading))) for heading in reversed(heading_path))
    return next((forms for forms in named if forms), ())


def speaks_of(form: str, passage: Passage) -> bool:
    """Tell whether a passage is about a form and no other one."""
    return forms_of(passage) == (form,)


def conflicts(folded: str, passage: Passage) -> bool:
    """Tell whether a question names forms and a passage is about others only."""
    asked, told = set(named_forms(folded)), set(forms_of(passage))
    return bool(asked and told and not asked & told)
