"""Answers from a chart: each account once, under a label that means something, marked on its own row."""

from __future__ import annotations

from dataclasses import replace

from apps.rag.tests.answers import answer
from apps.rag.tests.passages import account, account_number, found, question

_BANKS = "Compte 521 : BANQUES LOCALES\nSubdivision du compte 52 : BANQUES\nSous-comptes : 5211 Banques en francs"


async def test_an_account_that_a_sample_repeats_is_said_once() -> None:
    chart = account("521", _BANKS)
    sample = replace(chart, entry_id=2, kind="sample", text=_BANKS.rpartition("\n")[0], version_id=chart.document_id)
    made = await answer(question("compte 521"), found(chart, sample, references=(account_number("521"),)))
    assert made.text.count("s’intitule") == 1
    assert {citation.passage for citation in made.citations} == {chart}


async def test_accounts_of_two_charts_with_other_labels_are_both_said() -> None:
    chart = account("521", _BANKS)
    other = replace(chart, entry_id=2, text="Compte 521 : BANQUES DE LA PLACE", version_id=chart.document_id)
    made = await answer(question("compte 521"), found(chart, other, references=(account_number("521"),)))
    assert made.text.count("s’intitule") == 2


async def test_a_label_that_goes_on_with_the_one_above_is_given_with_it_and_without_the_mark_of_a_note() -> None:
    text = "Compte 6022 : hors Région (5)\nSubdivision du compte 602 : ACHATS DE MATIERES PREMIERES"
    result = found(account("6022", text), references=(account_number("6022"),))
    said = (await answer(question("compte 6022"), result)).text.replace("\u00a0", " ")
    assert said.startswith("Le compte 6022 s’intitule « ACHATS DE MATIERES PREMIERES », « hors Région » [1].")
    assert "Il relève du compte 602, dans la classe 6" in said
    assert "(5)" not in said


async def test_a_label_is_marked_on_its_own_row() -> None:
    made = await answer(question("compte 521"), found(account("521", _BANKS), references=(account_number("521"),)))
    starts = {citation.quote: citation.quote_span.start - citation.passage.span.start for citation in made.citations}
    assert starts["BANQUES LOCALES"] == _BANKS.index("BANQUES LOCALES")
    assert starts["BANQUES"] == _BANKS.index("BANQUES\n")
