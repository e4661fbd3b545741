"""Refusals name what was near without claiming that it is no answer."""

from __future__ import annotations

from apps.rag.generation.refusals import refusal_text
from apps.rag.tests.passages import ACCOUNT_401, ART_311, account, found, passage, question


def test_the_nearest_places_are_named_once_as_jurists_do() -> None:
    part = passage("AUSCGIE art. 20 (1/2)", ART_311)
    again = passage("AUSCGIE art. 20 (2/2)", ART_311)
    result = found(part, again, account("401", ACCOUNT_401), reason="no_evidence")
    text = refusal_text(question("rien"), result, "no_evidence")
    assert text.endswith("\u00a0: l'AUSCGIE, art. 20\u202f; compte 401.")


def test_without_passages_it_names_none() -> None:
    text = refusal_text(question("rien"), found(reason="empty_scope"), "empty_scope")
    assert text.startswith("Je n’ai pas de texte pour répondre. Aucun texte n’est publié")


def test_it_speaks_english_too() -> None:
    text = refusal_text(question("cake?", language="en"), found(reason="out_of_scope"), "out_of_scope")
    assert text.startswith("This question lies outside OHADA")
