"""Refusals name what was near without claiming that it is no answer."""

from __future__ import annotations

from apps.rag.generation.refusals import refusal_text
from apps.rag.tests.passages import ACCOUNT_401, ART_311, account, article, found, passage, question
from apps.rag.types import Arriving


def test_the_nearest_passages_stand_beside_the_refusal_and_not_in_its_words() -> None:
    result = found(passage("AUSCGIE art. 20", ART_311), account("401", ACCOUNT_401), reason="no_evidence")
    text = refusal_text(question("rien"), result, "no_evidence")
    assert text.startswith("Je n’ai pas de texte pour répondre.")
    assert "art. 20" not in text
    assert "401" not in text


def test_without_passages_it_names_none() -> None:
    text = refusal_text(question("rien"), found(reason="empty_scope"), "empty_scope")
    assert text.startswith("Je n’ai pas de texte pour répondre. Aucun texte n’est publié")


def test_it_speaks_english_too() -> None:
    text = refusal_text(question("cake?", language="en"), found(reason="out_of_scope"), "out_of_scope")
    assert text.startswith("This question lies outside OHADA")


def test_an_act_that_is_not_held_is_named_with_the_text_that_cites_it() -> None:
    cites = passage(
        "AUSCGIE art. 747", "Il est constitué conformément à l'Acte uniforme portant organisation des sûretés."
    )
    asked = question("What does the Acte uniforme sur les sûretés say?", language="en")
    text = refusal_text(asked, found(cites, reason="no_evidence"), "no_evidence")
    assert "do not include AUS." in text
    assert "AUSCGIE, art. 747 only refers to it." in text


def test_an_act_that_only_courses_speak_of_is_not_held() -> None:
    course = passage("x", "L'AUDCIF.", kind="guide", code="", locator="p. 3", document_title="Formation à l'AUDCIF")
    result = found(course, references=(article("AUDCIF", "35"),), reason="act_not_held")
    text = refusal_text(question("AUDCIF, art. 35"), result, "act_not_held")
    assert "ne comprennent pas l’AUDCIF." in text


def test_decisions_that_are_not_held_are_not_promised() -> None:
    result = found(passage("AUSCGIE art. 200", ART_311), reason="no_evidence", intent="case_law_research")
    asked = question("Existe-t-il une jurisprudence sur la dissolution ?", language="en")
    assert "I hold no court decision on this." in refusal_text(asked, result, "no_evidence")


def test_a_question_about_nothing_is_asked_to_say_more() -> None:
    asked = question("pourquoi ?", language="en")
    text = refusal_text(asked, found(intent="clarification", reason="no_evidence"), "no_evidence")
    assert text.startswith("I cannot tell what this question is about.")


def test_texts_that_are_being_imported_are_why_nothing_answers() -> None:
    text = refusal_text(question("rien"), found(reason="no_evidence"), "no_evidence", Arriving(6, 3))
    assert text == (
        "Je n’ai pas de texte pour répondre. L’import des textes n’est pas terminé\u00a0: il en reste 6 sur 9."
        " Reposez votre question dans quelques instants."
    )
    asked = question("rien", language="en")
    text = refusal_text(asked, found(reason="empty_scope"), "empty_scope", Arriving(1, 0))
    assert text == (
        "I have no text to answer with. The import of the texts is not finished: 1 of 1 to go."
        " Ask your question again in a moment."
    )


def test_what_is_known_to_be_missing_is_named_while_texts_are_imported() -> None:
    result = found(references=(article("AUSCGIE", "999"),), reason="reference_not_found")
    text = refusal_text(question("AUSCGIE, art. 999"), result, "reference_not_found", Arriving(2, 1))
    assert "ne comprennent pas l’AUSCGIE. L’import des textes" in text
    assert text.endswith("Reposez votre question dans quelques instants.")


def test_a_form_that_none_of_the_nearest_passages_speaks_of_is_named() -> None:
    sa = passage("AUSCGIE art. 387", "Le capital social minimum d'une SA est de dix millions de francs CFA.")
    text = refusal_text(question("Quel est le capital minimum d'une SAS ?"), found(sa), "no_evidence")
    assert text.endswith("ne parle de cette forme juridique\N{NO-BREAK SPACE}: SAS.")
    assert "forme juridique" not in refusal_text(question("capital de la SA ?"), found(sa), "no_evidence")
