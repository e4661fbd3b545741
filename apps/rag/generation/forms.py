"""Legal forms of companies: which one a passage speaks of."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag.types import Passage
from apps.rag.understanding.forms import named_forms
from kauri.lib.text import fold

_ACT_TITLES = re.compile(r"groupements? d'interet economique|et du gie\b")


def forms_of(passage: Passage) -> tuple[str, ...]:
    """Return the forms that a passage is about: by its headings, else by its own words."""
    return _forms_of(passage.heading_path, passage.text)


# asked for several times in one answer, and again in the next ones
@lru_cache(maxsize=4_096)
def _forms_of(heading_path: tuple[str, ...], text: str) -> tuple[str, ...]:
    headings = _ACT_TITLES.sub(" ", fold(" ".join(heading_path)))
    return named_forms(headings) or named_forms(fold(text))


def speaks_of(form: str, passage: Passage) -> bool:
    """Tell whether a passage is about a form and no other one."""
    return forms_of(passage) == (form,)


def conflicts(folded: str, passage: Passage) -> bool:
    """Tell whether a question names forms and a passage is about others only."""
    asked, told = set(named_forms(folded)), set(forms_of(passage))
    return bool(asked and told and not asked & told)
