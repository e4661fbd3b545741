"""What a question is for, what it leans on, its language, and the edition of the law that it asks for."""

import time
from datetime import date

import pytest

from apps.rag.tests.entries import TODAY, scope
from apps.rag.types import Question, Understanding
from apps.rag.understanding.editions import (
    LAST_DAY,
    edition_asked,
    former_chart_asked,
    plan_meant,
    references_meant,
    scope_meant,
    words_sought,
)
from apps.rag.understanding.english import language_of
from apps.rag.understanding.reading import references_read
from apps.rag.understanding.references import PLAN_FORMER, PLAN_NON_PROFIT, PLAN_REVISED
from apps.rag.understanding.rewriting import plain
from apps.rag.understanding.understand import Reading, understand
from kauri.lib import clock

SARL = "Quel est le capital minimum d'une SARL ?"


def read(text: str, *history: str) -> Reading:
    """Return the reading of a question."""
    return understand(Question(text, scope(), history))


def understood(text: str, *history: str) -> Understanding:
    """Return the understanding of a question."""
    return read(text, *history).understanding


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Bonjour, comment allez-vous ?", "general_conversation"),
        ("merci pour ton aide !", "general_conversation"),
        ("tu es qui ?", "general_conversation"),
        ("Que pouvez-vous faire ?", "general_conversation"),
        ("Quelle est la durée du mandat d'un administrateur ?", "rag_query"),
        ("quel compte pour le loyer", "rag_query"),
        ("je n'ai pas compris", "clarification"),
        ("peux-tu préciser ?", "clarification"),
        ("et pour une SA ?", "clarification"),
        ("Quel acte uniforme régit les procédures collectives ?", "document_sourcing"),
        ("Ou trouver les documents qui decrivent la creation d'une societe cooperative ?", "document_sourcing"),
        ("Dans quels supports est detaillee la procedure d'arbitrage OHADA ?", "document_sourcing"),
        ("Ou sont regroupes les textes sur les suretes OHADA ?", "document_sourcing"),
        ("art 311 auscgie", "legal_reference_search"),
        ("compte 4111", "legal_reference_search"),
        ("classe 6", "legal_reference_search"),
        ("CCJA, arrêt n° 056/2023 du 15 mai 2023", "case_law_research"),
        ("Existe-t-il une jurisprudence sur la dissolution des sociétés ?", "case_law_research"),
        ("Quelles décisions importantes traitent des procédures collectives ?", "case_law_research"),
        ("Quelle est la recette du mafé ?", "out_of_scope"),
        ("Quel temps fera-t-il demain à Douala ?", "out_of_scope"),
        ("Quel est le taux de TVA en Belgique ?", "out_of_scope"),
        ("Quels documents composent les états financiers annuels ?", "rag_query"),
    ],
)
def test_each_of_the_seven_intents_is_told(text: str, intent: str) -> None:
    assert understood(text).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "Comment sont imposées les recettes des ventes de films ?",
        "Un club de football est-il soumis à l'impôt sur les sociétés ?",
        "Quelle convention fiscale lie le Congo et la France ?",
        "Une société française peut-elle avoir une filiale au Gabon ?",
        "Retenue à la source sur une prestation payée à un fournisseur établi en Chine ?",
        "Le contrat d'un acteur est-il un contrat de travail ?",
        "Comment obtenir une carte de séjour ?",
        "Comment déclarer un salarié malade ?",
        "Quelles sont les recettes de l'État ?",
    ],
)
def test_no_question_of_law_taxes_or_offices_is_out_of_scope(text: str) -> None:
    assert understood(text).intent != "out_of_scope"


@pytest.mark.parametrize(
    ("text", "earlier", "standalone"),
    [
        ("et pour une SA ?", SARL, "Quel est le capital minimum d'une SA ?"),
        ("pourquoi ?", SARL, f"{SARL} pourquoi ?"),
        ("et celui en devises ?", "compte 521", "compte 521 et celui en devises ?"),
        ("il peut avoir zéro capital ?", "c'est quoi un GIE ?", "c'est quoi un GIE ? il peut avoir zéro capital ?"),
        ("comment le révoquer ?", "Qui nomme le gérant ?", "Qui nomme le gérant ? comment le révoquer ?"),
        ("ce délai est-il prolongeable ?", SARL, f"{SARL} ce délai est-il prolongeable ?"),
        ("et le montant nominal ?", SARL, "le montant nominal d'une SARL ?"),
        ("combien d'associés ?", SARL, f"{SARL} combien d'associés ?"),
    ],
)
def test_a_follow_up_stands_alone_with_what_it_leans_on(text: str, earlier: str, standalone: str) -> None:
    assert understood(text, earlier).standalone == standalone


@pytest.mark.parametrize(
    "text",
    [
        "Qui nomme le commissaire aux comptes ?",
        "Who audits an SA?",
        "missions du CAC",
        "Où siège la CCJA ?",
        "faut-il un notaire pour constituer une société anonyme ?",
        "peut-on créer une SAS seul ?",
        "loyer du bureau quel compte",
        "comment le gérant est-il révoqué ?",
        "Et quel est le taux de la TVA au Congo ?",
        "art 20 AUA",
        "qu'est-ce qu'un quorum ?",
    ],
)
def test_a_whole_question_is_not_narrowed_by_those_before_it(text: str) -> None:
    reading = read(text, SARL)
    assert reading.context == ""
    assert reading.understanding.standalone == plain(text)


def test_a_model_is_asked_only_where_the_rules_are_unsure() -> None:
    assert understood("combien d'associés ?", SARL).is_unsure
    assert understood("j'ai un souci avec le truc là").is_unsure
    for text in (SARL, "art 311 auscgie", "Bonjour", "Quelle est la recette du mafé ?"):
        assert not understood(text).is_unsure, text
    assert not understood("et pour une SA ?", SARL).is_unsure


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who audits an SA?", "en"),
        ("What is the minimum share capital of an SARL?", "en"),
        ("why?", "en"),
        ("VAT rate in Congo", "en"),
        ("minimum capital of a SARL?", "en"),
        ("combien par an il y a", "fr"),
        ("Qui contrôle les comptes d'une SA ?", "fr"),
        ("pourquoi ?", "fr"),
        ("c koi le 521", "fr"),
        ("art. 311 AUSCGIE", ""),
        ("compte 4111", ""),
    ],
)
def test_the_language_of_a_question_is_told_by_its_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_question_without_words_keeps_the_language_of_the_page() -> None:
    assert understand(Question("compte 4111", scope(), language="en")).understanding.language == "en"
    assert understand(Question("Qui nomme le gérant ?", scope(), language="en")).understanding.language == "fr"


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("Quel est le taux de l'IS selon le CGI 2025 ?", 2025),
        ("taux d'impôt sur les sociétés exercice 2025", 2025),
        ("quelle était la TVA en 2025 ?", 2025),
        ("impôt au titre de l'exercice clos le 31 décembre 2025", 2025),
        ("exonérations de la loi de finances 2024", 2024),
        ("la réforme du SYSCOHADA en 2018", None),
        ("différence de l'impôt entre le CGI 2025 et le CGI 2026", None),
        ("impôt sur un capital de 2025 francs", None),
        ("Quel est le taux de l'impôt sur les sociétés ?", None),
    ],
)
def test_the_edition_of_a_tax_law_is_read(text: str, year: int | None) -> None:
    assert edition_asked(text) == (date(year, 12, 31) if year else None)


def test_a_named_edition_is_searched_unless_another_day_was_chosen() -> None:
    hint = date(2025, 12, 31)
    today = Question("IS selon le CGI 2025", scope(as_of=clock.today()))
    assert scope_meant(today, hint).as_of == hint
    chosen = Question("IS selon le CGI 2025", scope(as_of=date(2026, 3, 1)))
    assert scope_meant(chosen, hint).as_of == date(2026, 3, 1)
    assert scope_meant(today, None).as_of == clock.today()
    coming = date(clock.today().year + 1, 12, 31)
    assert scope_meant(today, coming).as_of == coming.replace(month=1, day=1)


def test_the_former_chart_is_read_on_its_last_day() -> None:
    asked = Question("le compte 401 dans l'ancien syscohada", scope(as_of=TODAY))
    assert scope_meant(asked, None).as_of == LAST_DAY
    assert scope_meant(asked, date(2012, 12, 31)).as_of == date(2012, 12, 31)
    assert scope_meant(asked, date(2020, 12, 31)).as_of == LAST_DAY


@pytest.mark.parametrize(
    ("text", "is_former"),
    [
        ("le compte des clients dans l'ancien plan", True),
        ("report à nouveau dans l'ancien plan", True),
        ("différences de conversion, ancien plan", True),
        ("pertes de change dans l'ancien SYSCOHADA", True),
        ("le compte 20 de l'ancien plan est-il supprimé ?", True),
        ("un compte du SYSCOHADA non révisé", True),
        ("quels comptes ont été supprimés de l'ancien plan ?", False),
        ("Quelle est la différence entre l'ancien plan et le plan révisé ?", False),
        ("Comment passer de l'ancien SYSCOHADA au SYSCOHADA révisé ?", False),
        ("Qu'est-ce qui change entre l'ancien SYSCOHADA et le nouveau ?", False),
        ("le compte des clients", False),
    ],
)
def test_what_became_of_the_former_chart_is_told_by_texts_of_since(text: str, is_former: bool) -> None:
    assert former_chart_asked(text) == is_former
    assert scope_meant(Question(text, scope(as_of=TODAY)), None).as_of == (LAST_DAY if is_former else TODAY)


def test_on_a_day_of_the_former_chart_accounts_are_its_own() -> None:
    assert (plan_meant("compte 401", LAST_DAY), plan_meant("compte 401", TODAY)) == (PLAN_FORMER, PLAN_REVISED)
    assert plan_meant("compte 401 du SYCEBNL", LAST_DAY) == PLAN_NON_PROFIT
    read = references_read("le compte 401, la classe 4 et l'article 12 de l'AUSCGIE")
    keys = ["art:AUSCGIE:12", f"compte:{PLAN_FORMER}:401", f"classe:{PLAN_FORMER}:4"]
    assert [each.key for each in references_meant(read, LAST_DAY)] == keys
    assert references_meant(read, TODAY) == read


def test_the_year_of_the_former_chart_is_no_account_of_it() -> None:
    assert words_sought("caisse : quel compte en 2015 ?", date(2015, 12, 31)) == "caisse : quel compte ?"
    assert words_sought("quel était l'IS en 2022 ?", date(2022, 12, 31)) == "quel était l'IS en 2022 ?"
    assert words_sought("quel compte pour un camion acheté en 2015 ?", LAST_DAY).endswith("en 2015 ?")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("qel est le capitale minimun d'une sarl", "qel est le capital minimum d'une SARL"),
        ("le capitale d'une sa", "le capital d'une SA"),
        ("Quelle est la capitale du Togo ?", "Quelle est la capitale du Togo ?"),
        (
            "l'amortisement d'un véhicule, commisaire aux comptes",
            "l'amortissement d'un véhicule, commissaire aux comptes",
        ),
        ("le redressement commence demain", "le redressement commence demain"),
    ],
)
def test_a_slip_is_mended_and_the_capital_of_a_company_is_no_city(text: str, said: str) -> None:
    assert plain(text) == said


def test_reading_takes_less_than_a_millisecond() -> None:
    texts = [
        f"Bonjour, mon associé veut vendre {n} parts de la SARL, faut-il l'agrément des autres ?" for n in range(300)
    ]
    read(texts[0])
    started = time.process_time()
    for text in texts[1:]:
        read(text, SARL)
    assert (time.process_time() - started) / len(texts) < 0.002
