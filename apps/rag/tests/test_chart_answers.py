"""Answers from a chart: each account once, under a label that means something, marked on its own row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.rag.tests.answers import answer
from apps.rag.tests.passages import account, account_number, found, passage, question

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


async def test_an_account_above_or_below_is_cited_by_its_own_passage_where_that_was_found() -> None:
    chart = account("521", _BANKS)
    above = account("52", "Compte 52 : BANQUES", entry_id=2)
    below = account("5211", "Compte 5211 : Banques en francs\nSubdivision du compte 521 : BANQUES LOCALES", entry_id=3)
    made = await answer(question("compte 521"), found(chart, above, below, references=(account_number("521"),)))
    cited = {citation.quote: citation.passage.locator for citation in made.citations}
    assert cited["BANQUES LOCALES"] == "Compte 521"
    assert cited["BANQUES"] == "Compte 52"
    assert cited["Banques en francs"] == "Compte 5211"


async def test_an_account_of_a_list_without_a_passage_of_its_own_is_cited_by_that_of_the_list() -> None:
    made = await answer(question("compte 521"), found(account("521", _BANKS), references=(account_number("521"),)))
    assert "- 5211 : « Banques en francs » [1]" in made.text.replace("\u00a0", " ")


async def test_of_accounts_that_share_a_word_those_of_the_same_main_account_are_nearby_in_the_order_of_the_chart() -> (
    None
):
    cash = account("57", "Compte 57 : CAISSE\nSous-comptes : 571 CAISSE SIEGE SOCIAL")
    rest = (
        account("5712", "Compte 5712 : Caisse en devises\nSubdivision du compte 571 : CAISSE SIEGE SOCIAL", entry_id=2),
        account("432", "Compte 432 : CAISSES DE RETRAITE COMPLEMENTAIRE", entry_id=3),
        account("5711", "Compte 5711 : Caisse en monnaie nationale", entry_id=4),
        account("5013", "Compte 5013 : Bons de caisse à court terme", entry_id=5),
    )
    made = await answer(question("quel compte pour la caisse ?"), found(cash, *rest, scores=(1.0, *[0.9] * 4)))
    _own, _below, nearby = made.text.replace("\u00a0", " ").partition("Comptes voisins")
    assert nearby.splitlines()[2:] == [
        "- 5711 : « Caisse en monnaie nationale » [2]",
        "- 5712 : « Caisse en devises » [3]",
    ]


@pytest.mark.parametrize(
    ("asked", "named", "nearby"),
    [
        # what the question is about, which the account named does not say
        ("réparation du camion : quel compte ?", ("245", "CAMIONS"), ("624", "ENTRETIEN ET REPARATIONS")),
        # more than a word of it, and no less than the account named
        ("facture non parvenue : quel compte ?", ("4818", "Factures non parvenues"), ("408", "FACTURES NON PARVENUES")),
        # nothing but what it says
        ("vols au marché : quel compte ?", ("2451", "Marché"), ("6582", "Vols")),
    ],
)
async def test_an_account_elsewhere_in_the_chart_is_nearby_where_it_may_be_meant(
    asked: str, named: tuple[str, str], nearby: tuple[str, str]
) -> None:
    first, other = (
        account(number, f"Compte {number} : {label}", entry_id=int(number)) for number, label in (named, nearby)
    )
    made = await answer(question(asked), found(first, other, scores=(1.0, 0.8)))
    text = made.text.replace("\u00a0", " ")
    assert text.startswith(f"Le compte {named[0]} s’intitule")
    assert text.partition("Comptes voisins")[2].splitlines()[2:] == [f"- {nearby[0]} : « {nearby[1]} » [2]"]


@pytest.mark.parametrize(
    ("asked", "meant", "other"),
    [
        # the question's own word before a longer name that the texts have for it
        (
            "redevance de logiciel : quel compte ?",
            ("6343", "Redevances pour logiciels"),
            ("6342", "Redevances pour brevets, licences"),
        ),
        (
            "subvention d'équipement : quel compte ?",
            ("141", "SUBVENTIONS D'EQUIPEMENT"),
            ("14", "SUBVENTIONS D'INVESTISSEMENT"),
        ),
        # as many of the question's words, whatever the length of the name
        (
            "fournitures de bureau : quel compte ?",
            ("334", "FOURNITURES DE BUREAU"),
            ("32", "MATIERES PREMIERES ET FOURNITURES LIEES"),
        ),
        # two names in the texts' words: the fuller one
        ("découvert bancaire : quel compte ?", ("561", "CREDITS DE TRESORERIE"), ("52", "BANQUES")),
    ],
)
async def test_of_the_texts_names_for_a_thing_the_one_that_says_most_of_the_question_is_meant(
    asked: str, meant: tuple[str, str], other: tuple[str, str]
) -> None:
    rows = [
        account(number, f"Compte {number} : {label}", entry_id=at) for at, (number, label) in enumerate((other, meant))
    ]
    made = await answer(question(asked), found(*rows, scores=(1.0, 0.95)))
    assert made.text.startswith(f"Le compte {meant[0]}\N{NO-BREAK SPACE}s’intitule")


async def test_of_labels_that_are_as_close_the_first_of_the_chart_is_meant() -> None:
    special = account(
        "4081", "Compte 4081 : Fournisseurs\nSubdivision du compte 408 : FOURNISSEURS, FACTURES A RECEVOIR"
    )
    common = account("4011", "Compte 4011 : Fournisseurs\nSubdivision du compte 401 : FOURNISSEURS", entry_id=2)
    made = await answer(question("fournisseurs : quel compte ?"), found(special, common, scores=(1.0, 0.95)))
    said = made.text.replace("\u00a0", " ")
    assert said.startswith("Le compte 4011 s’intitule")
    # the other one's label is the same: what stands above it tells them apart
    assert "- 4081 : « FOURNISSEURS, FACTURES A RECEVOIR », « Fournisseurs » [2]" in said


async def test_of_labels_that_are_as_close_the_one_under_what_is_said_too_is_meant() -> None:
    under = "Compte {}1 : dans la Région\nSubdivision du compte {} : {}"
    asked_for = account("6021", under.format("602", "602", "ACHATS DE MATIERES PREMIERES ET FOURNITURES LIEES"))
    other = account("6011", under.format("601", "601", "ACHATS DE MARCHANDISES"), entry_id=2)
    asked = question("achats de matières premières dans la Région : quel compte ?")
    made = await answer(asked, found(asked_for, other, scores=(1.0, 0.95)))
    assert made.text.replace("\u00a0", " ").startswith("Le compte 6021 s’intitule")


async def test_an_account_above_that_another_edition_calls_otherwise_is_cited_by_the_passage_that_names_it() -> None:
    chart = account("521", _BANKS)
    other = account("52", "Compte 52 : BANQUES ET ASSIMILÉES", entry_id=2)
    made = await answer(question("compte 521"), found(chart, other, references=(account_number("521"),)))
    assert "Il relève du compte 52, « BANQUES » [1]" in made.text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("asked", "beside", "meant"),
    [
        (
            "frais bancaires : quel compte ?",
            ("6318", "Compte 6318 : Autres frais bancaires\nSubdivision du compte 631 : FRAIS BANCAIRES"),
            ("631", "Compte 631 : FRAIS BANCAIRES\nSubdivision du compte 63 : AUTRES SERVICES EXTERIEURS"),
        ),
        (
            "stock de marchandises : quel compte ?",
            ("311", "Compte 311 : MARCHANDISES A\nSubdivision du compte 31 : MARCHANDISES"),
            ("31", "Compte 31 : MARCHANDISES"),
        ),
        (
            "Quel est le compte des stocks de marchandises ?",
            ("391", "Compte 391 : DEPRECIATIONS DES STOCKS DE MARCHANDISES"),
            ("31", "Compte 31 : MARCHANDISES"),
        ),
    ],
)
async def test_an_account_comes_before_its_rest_its_parts_and_what_stands_against_it(
    asked: str, beside: tuple[str, str], meant: tuple[str, str]
) -> None:
    made = await answer(question(asked), found(account(*beside), account(*meant, entry_id=2), scores=(1.0, 0.9)))
    assert made.text.replace("\u00a0", " ").startswith(f"Le compte {meant[0]} s’intitule")


async def test_the_texts_name_for_what_is_said_counts_as_saying_it() -> None:
    special = account("6226", "Compte 6226 : Fermages et loyers du foncier\nSubdivision du compte 622 : LOCATIONS")
    common = account("622", "Compte 622 : LOCATIONS, CHARGES LOCATIVES\nSubdivision du compte 62 : SERVICES")
    made = await answer(question("loyer : quel compte ?"), found(special, common, scores=(1.0, 0.9)))
    assert made.text.startswith("Le compte 622\N{NO-BREAK SPACE}s’intitule")


async def test_an_account_close_behind_running_text_answers_where_its_label_is_said_whole() -> None:
    prose = passage("p. 1", "Ainsi, un numéro de compte des fournisseurs commence par 4.", kind="sample")
    supplier = account("4011", "Compte 4011 : Fournisseurs\nSubdivision du compte 401 : FOURNISSEURS, DETTES EN COMPTE")
    result = found(prose, supplier, scores=(1.0, 0.9))
    assert (await answer(question("numéro de compte des fournisseurs"), result)).text.startswith("Le compte 4011")
    assert "Le compte 4011 s’" not in (await answer(question("numéro de compte des clients"), result)).text


async def test_an_account_that_no_chart_has_is_told_by_the_text_that_speaks_of_it() -> None:
    prose = passage("p. 1", "Le solde a été transféré au compte 475 Compte transitoire.", kind="sample")
    other = passage("p. 2", "Le compte 4752 est ajouté ; le compte 47 aussi.", kind="sample")
    result = found(other, prose)
    references = (account_number("475"),)
    result = replace(result, understanding=replace(result.understanding, references=references))
    made = await answer(question("à quoi sert le compte 475 ?"), result)
    assert "transféré au compte 475" in made.text
    assert "4752" not in made.text
