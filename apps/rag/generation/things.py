"""Which passage says what a thing is: one that a question asks for, or each of two that it compares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from apps.rag.generation.parts import parts_of
from apps.rag.understanding.compared import named
from apps.rag.understanding.forms import forms_bare, named_forms

# "il y a société de fait lorsque", "lorsque …, il y a société de fait.", "la fusion est l'opération par laquelle"
_IS = r"(?:est|sont) (?:une?|la|le|l'|les|des|celle|celui|constitue)"
_MEANS = r"(?:designe|s'entend|consiste|constitue|(?:peut prendre|prend) la forme)"
_THERE_IS = re.compile(r"\bil y a (?P<there>[\w' ]{3,60}?)(?: lorsqu|\W*$)")
_DEFINES = re.compile(rf"^(?P<subject>[\w', ]{{3,70}}?) {_IS}|^(?P<meant>[\w', ]{{3,70}}?) {_MEANS}")
_FORM_IS = re.compile(rf"^(?P<subject>[\w', ]{{3,70}}?) {_IS}\b")
_FRAME = re.compile(r"\b(?:qu'?entend\w*(?:[- ]on)?|defini\w*|signifie\w*|what|is|en droit|ohada)\b")
_SAME = 0.6  # of a subject's words that name the thing


def defining(thing: frozenset[str], texts: Iterable[tuple[int, str]]) -> int | None:
    """Return the index of the first text that says what a thing is, None where none does."""
    return next((index for index, text in texts if _defines(thing, text)), None)


def _defines(thing: frozenset[str], text: str) -> bool:
    for part in parts_of(text):
        there, found = _THERE_IS.search(part.folded), _DEFINES.search(part.folded)
        subject = named(there["there"] if there else found["subject"] or found["meant"] if found else "")
        if subject and thing.intersection(subject) and _is_same(thing, subject):
            return True
    return False


def _is_same(thing: frozenset[str], subject: Sequence[str]) -> bool:
    shared = len(thing.intersection(subject))
    return shared / len(set(subject)) >= _SAME and shared / len(thing) >= _SAME


def defined(folded: str, texts: Sequence[tuple[int, str]]) -> int | None:
    """Return the index of the first text that says what the thing is whose meaning a folded question asks for."""
    if forms_bare(folded):
        return defining_form(named_forms(folded)[0], texts)
    thing = frozenset(named(_FRAME.sub(" ", folded)))
    return defining(thing, texts) if thing else None


def defining_form(form: str, texts: Iterable[tuple[int, str]]) -> int | None:
    """Return the index of the first text that says what a form of company is, None where none does.

    "La société en nom collectif est celle dans laquelle …": what that form is all of the subject of.
    """
    return next((index for index, text in texts if _defines_form(form, text)), None)


@lru_cache(maxsize=4_096)
def _defines_form(form: str, text: str) -> bool:
    first = next(iter(parts_of(text)), None)
    found = _FORM_IS.search(first.folded) if first else None
    subject = found["subject"] if found else ""
    return named_forms(subject) == (form,) and forms_bare(subject)


def forms_defined(folded: str, texts: Sequence[str]) -> dict[str, int]:
    """Return by form the indexes of the texts that say what each of the forms is that a folded question compares.

    {} where it asks more than what they are, or not all are said.
    """
    forms = named_forms(folded)
    if not (len(forms) > 1 and forms_bare(folded)):
        return {}
    numbered = list(enumerate(texts))
    said = {form: defining_form(form, numbered) for form in forms}
    of_forms = {form: index for form, index in said.items() if index is not None}
    return of_forms if len(of_forms) == len(said) else {}
