"""The two things that a question compares where they are no forms of company."""

from __future__ import annotations

import re

from apps.rag.analysis import terms
from apps.rag.understanding.forms import FULL_NAMES, forms_bare, named_forms
from apps.rag.understanding.framewords import judging_weight

_CLAUSE = re.compile(r"[,;:?!.]|\bc(?:'est)? (?:k?oi|quoi)\b|\bquelles? differences?\b")
_BETWEEN = re.compile(r" ?/ ?|\b(?:vs|versus|contre|par rapport (?:a|au|aux)|et|ou)\b")
_TELLS_APART = re.compile(
    # "differend" and "differents" tell nothing apart, nor does who has to "comparaitre"
    r"\bdifferen(?:ces?|ci\w+|te?s? (?:de|du|d))\b|\bdistin(?:ctions?|gu\w+)\b|\bnuances?\b"
    r"|\bcompar(?:e|er|ez|ees?|es|aisons?)\b|\b(?:vs|versus)\b|\bpareils?\b|\bmeme chose\b|\bconfond\w*"
)
_MAX_TERMS = 3


def things_compared(folded: str) -> tuple[frozenset[str], ...]:
    """Return the terms of the two things that a folded question sets side by side, () where it names no two."""
    forms = named_forms(folded)
    if len(forms) > 1 and forms_bare(folded):
        first, second = (frozenset(named(FULL_NAMES[form])) for form in forms[:2])
        return first, second
    for clause in _CLAUSE.split(folded):
        left, between, right = clause, None, ""
        if match := _BETWEEN.search(clause):
            left, between, right = clause[: match.start()], match[0], clause[match.end() :]
        first, second = frozenset(named(left)[-_MAX_TERMS:]), frozenset(named(right)[:_MAX_TERMS])
        if between and first and second and first != second:
            return first, second
    return ()


def things_told_apart(folded: str) -> tuple[frozenset[str], ...]:
    """Return the two things whose difference a folded question asks for, () where it asks for none."""
    return things_compared(folded) if _TELLS_APART.search(folded) else ()


def named(folded: str) -> tuple[str, ...]:
    """Return the terms of a folded text that name things: those that only frame a question left out."""
    return tuple(term for term in terms(folded) if judging_weight(term) == 1.0)
