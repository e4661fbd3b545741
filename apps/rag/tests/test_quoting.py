"""Tables of a quotation: under their own head, or quoted line by line."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from apps.rag.generation.excerpts import Excerpt, merged
from apps.rag.generation.parts import parts_of
from apps.rag.generation.quoting import quotation
from apps.rag.tests.answers import answer
from apps.rag.tests.passages import found, passage, question

HEAD = "Compte | Libellé | Débit | Crédit"


def quoted(text: str) -> str:
    sentences = [sentence for part in parts_of(text) for sentence in part.sentences]
    with override("fr"):
        said = quotation(passage("p. 1", text), Excerpt(0, merged(text, sentences), 1.0, 1.0))
    return said.replace("\u00a0", " ")


def test_cells_that_are_missing_at_the_end_of_a_row_are_empty() -> None:
    text = f"L’écriture est la suivante.\n{HEAD}\n601 | Achats | 500 000\n4011 | Fournisseurs |  | 590 000"
    said = quoted(text)
    assert said.startswith("« L’écriture est la suivante. » [1]")
    assert said.endswith(
        "| Compte | Libellé | Débit | Crédit |\n|---|---|---|---|\n| 601 | Achats | 500 000 [1] |  |\n"
        "| 4011 | Fournisseurs |  | 590 000 [1] |"
    )


def test_a_row_without_words_stops_nothing() -> None:
    assert "| Achats | 5 [1] |" in quoted("Le tableau suit.\nLibellé | Débit\nAchats | 5\n| | |\nVentes | 6")


@pytest.mark.parametrize("rows", ["481 | Fournisseurs | 262 500\n52 | Banque | 262 500", "481 | 262 500\n52 | 262 500"])
def test_rows_of_which_nobody_knows_what_they_lack_are_quoted_as_they_stand(rows: str) -> None:
    said = quoted(f"L’écriture est la suivante.\n{HEAD}\n{rows}")
    assert "|---|" not in said
    assert f"{HEAD}" in said
    assert "Tableau" not in said


async def test_a_journal_entry_is_shown_as_a_table() -> None:
    text = (
        "L’achat de marchandises à crédit débite le compte 601 et crédite le compte 4011.\n"
        f"{HEAD}\n601 | Achats | 500 000\n4011 | Fournisseurs |  | 500 000"
    )
    made = await answer(
        question("Quelle écriture pour un achat de marchandises à crédit ?"), found(passage("p. 1", text))
    )
    assert "| 601 | Achats | 500 000\u00a0[1] |  |" in made.text
    assert "| 4011 | Fournisseurs |  | 500 000\u00a0[1] |" in made.text
