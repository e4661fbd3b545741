"""Two things that a question compares, and the passages that say what each is."""

from __future__ import annotations

import pytest

from apps.rag.generation.extractive import draft
from apps.rag.generation.things import defining
from apps.rag.tests.passages import found, passage, question
from apps.rag.understanding.compared import things_compared, things_told_apart
from apps.rag.understanding.forms import forms_bare
from apps.rag.understanding.rewriting import plain
from kauri.lib.text import fold

BRANCH = "La succursale est un établissement commercial, appartenant à une société, doté d'une certaine autonomie."
OFFICE = "Le bureau de liaison est un établissement chargé de faire le lien avec le marché."
CHANGE = "Si l'activité du bureau de liaison justifie qu'il soit transformé en succursale, le registre est rectifié."


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("succursale vs bureau de liaison c koi la difference", {"succursal"}, {"bureau", "liaison"}),
        ("Quelle différence entre une fusion et une scission ?", {"fusion"}, {"scission"}),
        ("Filiale / participation, où est la nuance ?", {"filial"}, {"particip"}),
    ],
)
def test_the_two_things_are_read(text: str, first: set[str], second: set[str]) -> None:
    assert things_compared(fold(text)) == (frozenset(first), frozenset(second))


def test_a_question_that_sets_nothing_side_by_side_names_none() -> None:
    assert things_compared(fold("Quelle est la durée du mandat ?")) == ()
    assert things_told_apart(fold("Qui décide la fusion et la scission ?")) == ()
    assert things_told_apart(fold("Comment régler un différend entre associé et gérant ?")) == ()
    assert things_told_apart(fold("Quels sont les différents impôts et taxes ?")) == ()
    assert things_told_apart(fold("Le gérant et l'associé doivent-ils comparaître ?")) == ()
    assert things_told_apart(fold("En quoi la fusion et la scission sont-elles différentes de l'apport ?")) != ()


def test_who_says_what_a_thing_is() -> None:
    texts = [(4, CHANGE), (2, OFFICE), (7, BRANCH)]
    assert defining(frozenset({"succursal"}), texts) == 7
    assert defining(frozenset({"bureau", "liaison"}), texts) == 2
    assert defining(frozenset({"fusion"}), texts) is None


def test_a_thing_defined_at_the_end_of_its_sentence_is_told_from_one_of_its_name() -> None:
    made = "Il y a société créée de fait lorsque des personnes se comportent comme des associés."
    real = "Lorsque deux personnes ont constitué une société qui comporte un vice de formation, il y a société de fait."
    first, second = things_compared(fold("société de fait et société créée de fait, c'est pareil ?"))
    assert defining(first, [(0, made), (1, real)]) == 1
    assert defining(second, [(0, made), (1, real)]) == 0


def test_what_each_is_tells_the_difference() -> None:
    result = found(
        passage("AUSCGIE art. 120-5", CHANGE, ordinal=5),
        passage("AUSCGIE art. 120-1", OFFICE, ordinal=1),
        passage("AUSCGIE art. 116", BRANCH, ordinal=0),
        scores=(1.0, 0.6, 0.5),
    )
    text = draft(question("succursale ou bureau de liaison : quelle différence ?"), result)
    assert text.index("art. 116") < text.index("art. 120-1")
    assert "120-5" not in text


def test_a_passage_on_all_the_forms_compared_comes_first() -> None:
    both = passage("AUSCGIE art. 235", "Les décisions sont prises à l'unanimité en société en nom collectif, "
                   "à la majorité en société à responsabilité limitée.")  # fmt: skip
    snc = passage("AUSCGIE art. 283", "Les décisions sont unanimes.", heading_path=("SOCIETE EN NOM COLLECTIF",))
    sarl = passage("AUSCGIE art. 349", "La majorité suffit.", heading_path=("SOCIETE A RESPONSABILITE LIMITEE",))
    text = draft(question("à quelle majorité décide-t-on en SNC et en SARL ?"), found(snc, sarl, both))
    assert text.index("art. 235") < text.index("art. 283") < text.index("art. 349")


def test_of_two_forms_the_articles_that_are_worded_alike_are_compared() -> None:
    sarl, sa = ("SOCIETE A RESPONSABILITE LIMITEE",), ("SOCIETE ANONYME",)
    parts = "Les parts en numéraire sont libérées lors de la souscription du capital de la moitié au moins."
    shares = "Les actions en numéraire sont libérées lors de la souscription du capital d'un quart au moins."
    mixed = "Les actions payées pour partie par des réserves sont intégralement libérées."
    result = found(
        passage("AUSCGIE art. 606", mixed, ordinal=606, heading_path=sa),
        passage("AUSCGIE art. 389", shares, ordinal=389, heading_path=sa),
        passage("AUSCGIE art. 311-1", parts, ordinal=311, heading_path=sarl),
        scores=(1.0, 0.98, 0.96),
    )
    text = draft(question("combien libérer à la souscription : SARL contre SA ?"), result)
    assert text.index("art. 311-1") < text.index("art. 389")
    assert "art. 606" not in text


SNC = "La société en nom collectif est celle dans laquelle tous les associés répondent des dettes sociales."
SCS = "La société en commandite simple est celle dans laquelle coexistent des commandités et des commanditaires."
NAME = "La société en nom collectif est désignée par une dénomination sociale, précédée du sigle « S.N.C. »."


@pytest.mark.parametrize(
    ("text", "is_bare"),
    [
        ("Qu'est-ce qu'une SNC ?", True),
        ("Différence entre SARL et SA", True),
        ("c koi un GIE", True),
        ("la société en commandite simple", True),
        ("Quel est le capital d'une SARL ?", False),
        ("Un mineur associé d'une SNC ?", False),
        ("Qu'est-ce que le capital ?", False),
    ],
)
def test_a_question_may_name_a_form_and_nothing_else(text: str, *, is_bare: bool) -> None:
    assert forms_bare(fold(text)) is is_bare


def test_two_forms_are_told_apart_by_their_full_names() -> None:
    first, second = things_told_apart(fold("Comparer SNC et SCS"))
    assert {"nom", "collect"} <= first
    assert "commandit" in second


@pytest.mark.parametrize("text", ["Qu'est-ce qu'une SNC ?", "définition de la société en nom collectif"])
def test_what_a_form_is_comes_first(text: str) -> None:
    result = found(passage("AUSCGIE art. 272", NAME), passage("AUSCGIE art. 270", SNC), scores=(1.0, 0.9))
    answer = draft(question(text), result)
    assert answer.startswith("Selon l’AUSCGIE, art. 270")


def test_forms_that_are_compared_without_more_are_told_by_what_each_is() -> None:
    result = found(
        passage("AUSCGIE art. 272", NAME),
        passage("AUSCGIE art. 270", SNC),
        passage("AUSCGIE art. 293", SCS),
        scores=(1.0, 0.9, 0.2),
    )
    answer = draft(question("Comparer SNC et SCS"), result)
    assert SNC.removesuffix(".") in answer
    assert SCS.removesuffix(".") in answer
    assert "art. 272" not in answer


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("SARL ou SA : laquelle choisir ?", "Quelle est la différence entre une SARL et une SA ?"),
        ("faut-il choisir un GIE ou une SNC", "Quelle est la différence entre un GIE et une SNC ?"),
    ],
)
def test_which_form_to_choose_is_asked_as_how_they_differ(text: str, meant: str) -> None:
    assert plain(text) == meant


@pytest.mark.parametrize(
    "text", ["Qui choisit le commissaire aux comptes d'une SARL ou d'une SA ?", "Laquelle choisir ?", "SARL ou SA ?"]
)
def test_other_questions_with_a_choice_stay_as_they_are(text: str) -> None:
    assert plain(text) == text
