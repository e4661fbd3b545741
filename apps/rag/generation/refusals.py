"""What Kauri says when it does not answer from the texts: refusals and small talk."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.rag.generation import wording
from apps.rag.generation.daywords import why_not_then
from apps.rag.generation.forms import conflicts
from apps.rag.generation.sourcing import acts_sought, asks_decisions, citing, is_missing, is_of
from apps.rag.types import Arriving, Question, SearchResult
from apps.rag.understanding.forms import named_forms
from apps.rag.understanding.intent import CLARIFICATION
from apps.rag.understanding.rewriting import plain
from kauri.lib.text import fold

_THANKS = re.compile(r"\b(?:merci|thanks|thank you|parfait|super)\b")
_FAREWELL = re.compile(r"\b(?:au revoir|bye|a bientot|bonne (?:journee|soiree|nuit)|goodbye)\b")
_NEAREST = 3
_WHO = re.compile(r"\b(?:qui|que|quoi|comment|nom|who|what|how)\b")


def refusal_text(question: Question, result: SearchResult, reason: str, arriving: Arriving | None = None) -> str:
    """Return the refusal: that there is no answer, and why. The texts that came nearest go beside it, as passages.

    Where texts are `arriving`, that is why, beside what is known to be missing.
    """
    with override(question.language):
        if reason == "out_of_scope":
            return _(
                "This question lies outside OHADA accounting and business law."
                " I answer on the SYSCOHADA, the uniform acts and the tax practice of the member states."
            )
        if not is_for_want_of_texts(result, reason):
            return _(
                "I cannot tell what this question is about."
                " Name the text, the article, the account or the situation that you have in mind."
            )
        missing = _what_is_missing(question, result, reason)
        why = (missing or _why(question, result, reason),) if arriving is None else (missing, _to_come(arriving))
        return " ".join(part for part in (_("I have no text to answer with."), *why) if part)


def is_for_want_of_texts(result: SearchResult, reason: str) -> bool:
    """Tell whether more texts might answer: not where the question lies elsewhere, or says too little."""
    is_unclear = result.understanding.intent == CLARIFICATION and reason == "no_evidence"
    return reason != "out_of_scope" and not is_unclear


def conversation_text(question: Question) -> str:
    """Return the reply to a greeting, to thanks, to a farewell or to a question about Kauri itself."""
    folded = fold(question.text)
    with override(question.language):
        if _FAREWELL.search(folded):
            return _("Goodbye. Your conversations stay here for when you come back.")
        if _THANKS.search(folded):
            return _("You are welcome. Ask whenever a text needs to be found or checked.")
        if _WHO.search(folded):
            return _(
                "I am Kauri. I search the OHADA texts (SYSCOHADA, uniform acts, charts of accounts, case law and"
                " doctrine) and answer with their own words, with a citation that opens the passage."
                " When no text answers, I say so."
            )
        return _(
            "Hello. Ask me a question on SYSCOHADA accounting or OHADA business law:"
            " an article, an account, a deadline, an entry."
        )


def _to_come(arriving: Arriving) -> str:
    return " ".join((wording.still_to_come(arriving), _("Ask your question again in a moment.")))


def _what_is_missing(question: Question, result: SearchResult, reason: str) -> str:
    """Name what the question asks for and no text holds: a day's law, an act, a reference; "" where nothing is."""
    of_day = why_not_then(question, result)
    if of_day and reason != "act_not_held":
        return of_day
    if reason == "empty_scope":
        return ""
    absent = _acts_not_held(result) if reason == "act_not_held" else _absent_acts(question, result)
    if absent:
        return " ".join(part for part in (wording.acts_absent(absent), _who_cites(absent, result)) if part)
    if reason == "reference_not_found":
        labels = ", ".join(result.understanding.labels)
        if labels:
            return _("The texts in force that I hold do not contain this reference: %(labels)s.") % {"labels": labels}
        return _("The texts in force that I hold do not contain this reference.")
    return ""


def _why(question: Question, result: SearchResult, reason: str) -> str:
    if reason == "empty_scope":
        return _("No text is published in the collections, the country and the date that you chose.")
    if asks_decisions(question, result) and is_missing(question, result):
        return _("I hold no court decision on this.")
    forms = _forms_not_spoken_of(question, result)
    if forms:
        return _("None of the texts in force that came nearest speaks of this legal form: %(forms)s.") % {
            "forms": ", ".join(forms)
        }
    return _(
        "No text in force at the date that you chose answers this question with enough certainty,"
        " and I do not answer without a source."
    )


def _forms_not_spoken_of(question: Question, result: SearchResult) -> tuple[str, ...]:
    """Return the legal forms that are asked about where all that was found is about others."""
    passages = [ranked.passage for ranked in result.passages[:_NEAREST]]
    folded = fold(plain(question.text))
    is_of_others = bool(passages) and all(conflicts(folded, passage) for passage in passages)
    return named_forms(folded) if is_of_others else ()


def _absent_acts(question: Question, result: SearchResult) -> tuple[str, ...]:
    """Return the acts that are asked for and of which nothing was found."""
    passages = [ranked.passage for ranked in result.passages]
    codes = acts_sought(question, result)
    return tuple(code for code in codes if not any(is_of(passage, (code,)) for passage in passages))


def _acts_not_held(result: SearchResult) -> tuple[str, ...]:
    """Return the acts whose articles are asked for where no text of theirs is in scope: documents about one are not
    the act."""
    references = result.understanding.references
    return tuple(dict.fromkeys(reference.source for reference in references if reference.kind == "article"))


def _who_cites(codes: tuple[str, ...], result: SearchResult) -> str:
    ranked = citing(codes, result.passages)
    return wording.only_cited_by(ranked.passage) if ranked else ""
