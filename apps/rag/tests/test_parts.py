"""What of a passage may be quoted: whole sentences and lists, no page furniture; articles inside articles."""

from __future__ import annotations

import pytest

from apps.rag.generation.parts import first_section, parts_of, section_of
from apps.rag.tests.passages import ART_697

NESTED = (
    "Si la société use de cette faculté, mention en est faite dans ses actes.\n\nArticle 269-2-1\n\n"
    "Les statuts organisent la reprise des apports.\n\nArticle 269-2-2\n\nIls sont publiés."
)


def test_a_list_stays_with_its_introduction() -> None:
    (whole,) = parts_of(ART_697)
    assert whole.text.startswith("Les fonctions")
    assert whole.text.endswith("activité commerciale.")


def test_a_table_at_the_end_keeps_its_rows() -> None:
    text = "L’écriture est celle-ci.\n\nCompte | Libellé | Débit (F CFA)\n601 | Achats | 500 000\n4452 | TVA | 90 000"
    assert parts_of(text)[-1].text.endswith("4452 | TVA | 90 000")


def test_an_item_of_several_sentences_does_not_end_its_list() -> None:
    text = (
        "Les registres contiennent les mentions suivantes :\n1°) la date ;\n2°) la valeur des titres. Toutefois, leur "
        "nombre peut être indiqué en lieu et place de celle-ci ;\n3°) un numéro d'ordre.\nLes écritures sont signées."
    )
    listed, signed = [part.text for part in parts_of(text)]
    assert listed.endswith("numéro d'ordre.")
    assert signed == "Les écritures sont signées."


def test_numbered_paragraphs_are_no_list() -> None:
    text = "1°) Le greffier dirige le greffe. Il en répond.\n2°) Il tient les registres.\n3°) Il garde les sceaux."
    assert len(parts_of(text)) == 4


LISTED = "Les registres contiennent :\n1°) la date ;\n2°) la valeur des titres"


@pytest.mark.parametrize(
    "between",
    [
        ".\n\nArticle 12\n\nLe registre est coté.\n",
        ".\n\nArticle 12\n\n",
        " ;\n\nArticle 12\n\n",
        ".\nSECTION 2 - La gérance\n",
    ],
)
def test_a_heading_between_two_numbers_ends_a_list(between: str) -> None:
    texts = [part.text for part in parts_of(f"{LISTED}{between}3°) un numéro d'ordre.\nLes écritures sont signées.")]
    assert texts[0] == f"{LISTED}{between[:2].rstrip()}"
    assert "3°) un numéro d'ordre." in texts
    assert not any("Article 12" in text or "SECTION" in text for text in texts)


@pytest.mark.parametrize(
    "between",
    [
        ". Elle est en francs.\n",
        ".\nToutefois, leur nombre peut être indiqué.\n",
        " au jour de l'acte.\nLeur nombre en tient lieu ;\n",
        ". La valeur est dite en francs.\n",
        " et ce qui suit. Il est dit :\n",
        ".\nLe registre est coté. Il est tenu au siège.\n",
        ".\n\nLe gérant est révocable.\n\n",
        ".\n\nLe gérant est révocable.\n\nIl est rééligible.\n\n",
        ".\n\nLe gérant dispose de ceci :\n- un délai ;\n- un recours.\n\n",
    ],
)
def test_what_stands_between_two_items_does_not_end_their_list(between: str) -> None:
    (listed,) = parts_of(f"{LISTED}{between}3°) un numéro d'ordre.")
    assert listed.text.endswith("un numéro d'ordre.")


@pytest.mark.parametrize(
    "opening", ["Les associés signent les statuts :", "Les associés signent les statuts. Ceux-ci indiquent :"]
)
def test_a_paragraph_that_ends_with_a_colon_begins_another_list(opening: str) -> None:
    texts = [part.text for part in parts_of(f"{LISTED}.\n\n{opening}\n\n3°) son siège ;\n4°) sa durée.")]
    assert texts[0] == f"{LISTED}."
    assert texts[-1].endswith(":\n\n3°) son siège ;\n4°) sa durée.")


def test_a_list_is_not_told_without_its_end() -> None:
    punished = "Est puni :\n1°) celui qui vend.\n\nLa peine est doublée en cas de récidive.\n\n2°) celui qui achète."
    (whole,) = parts_of(punished)
    assert whole.text == punished


@pytest.mark.parametrize(
    "furniture",
    [
        "ACTE UNIFORME RELATIF AU DROIT DE L'ARBITRAGE",
        "SECTION 2 - La gérance",
        "Article 12",
        "12 / 40",
        "SOMMAIRE GÉNÉRAL",
    ],
)
def test_headings_titles_and_page_numbers_are_no_words_to_quote(furniture: str) -> None:
    texts = [part.text for part in parts_of(f"{furniture}\n\nLe gérant est révocable par les associés.")]
    assert texts == ["Le gérant est révocable par les associés."]


def test_a_page_of_titles_has_nothing_to_quote() -> None:
    assert parts_of("SOMMAIRE") == ()


def test_an_article_inside_another_is_found_by_its_number() -> None:
    found = section_of(NESTED, "269-2-1")
    assert found is not None
    assert NESTED[slice(*found)].strip() == "Les statuts organisent la reprise des apports."
    assert section_of(NESTED, "269-3") is None
    assert NESTED[slice(*first_section(NESTED))].strip().endswith("ses actes.")
