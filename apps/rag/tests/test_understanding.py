"""References, intents and follow-ups as people type them."""

import pytest

from apps.rag.tests.entries import scope
from apps.rag.types import Question
from apps.rag.understanding.classes import class_of_kind, is_rest, stands_aside
from apps.rag.understanding.lexicon import expansions
from apps.rag.understanding.numbers import number_read
from apps.rag.understanding.references import normalise_article
from apps.rag.understanding.rewriting import plain
from apps.rag.understanding.understand import understand
from kauri.lib.text import fold


def keys(text: str, *history: str) -> list[str]:
    """Return the reference keys that are read in a question."""
    reading = understand(Question(text, scope(), history))
    return [reference.key for reference in reading.understanding.references]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("art 311 auscgie", ["art:AUSCGIE:311"]),
        ("l'article 311 de l'AUSCGIE", ["art:AUSCGIE:311"]),
        ("que dit larticle 121 de l'auscgie", ["art:AUSCGIE:121"]),
        ("art. 269-2-1 AUSC-GIE", ["art:AUSCGIE:269-2-1"]),
        ("art 269-2-1", ["art:*:269-2-1"]),
        ("853-12", ["art:*:853-12"]),
        ("Article 4 de l'acte uniforme relatif au droit des sociétés commerciales", ["art:AUSCGIE:4"]),
        ("l'article premier de l'acte uniforme sur l'arbitrage", ["art:AUA:1"]),
        ("larticle deux cent dix de l'auscgie", ["art:AUSCGIE:210"]),
        ("Article 41 du règlement de procédure CCJA", ["art:RPCCJA:41"]),
        ("règlement d'arbitrage CCJA, art. 20", ["art:RACCJA:20"]),
        ("art 45 du traité ohada", ["art:TRAITE:45"]),
        ("articles 10, 12 et 14 AUSCGIE", ["art:AUSCGIE:10", "art:AUSCGIE:12", "art:AUSCGIE:14"]),
        ("À quoi correspond le compte 401 ?", ["compte:syscohada-revise:401"]),
        ("au compte 6052 on met quoi", ["compte:syscohada-revise:6052"]),
        ("c koi le 521", ["compte:syscohada-revise:521"]),
        ("libelle 6611", ["compte:syscohada-revise:6611"]),
        ("comptes 401 et 411", ["compte:syscohada-revise:401", "compte:syscohada-revise:411"]),
        ("le compte 4011 dans l'ancien syscohada", ["compte:syscohada-ancien:4011"]),
        ("compte 10 du sycebnl", ["compte:sycebnl:10"]),
        ("classe 6", ["classe:syscohada-revise:6"]),
        ("amortir un ordinateur de 500 000 F sur 3 ans", []),
        ("un capital de 1000000 francs", []),
        ("la réforme de 2018", []),
        ("révoquer l'ancien gérant", []),
    ],
)
def test_it_reads_references(text: str, wanted: list[str]) -> None:
    assert keys(text) == wanted


def test_the_article_after_is_the_next_one() -> None:
    assert keys("et l'article d'après ?", "art 371 auscgie") == ["art:AUSCGIE:372"]


@pytest.mark.parametrize(
    ("text", "history", "wanted"),
    [
        ("et le 372 ?", ["art 371 auscgie"], "art:AUSCGIE:372"),
        ("et le 373", ["art 371 auscgie", "et le 372 ?"], "art:AUSCGIE:373"),
        ("et le suivant ?", ["art 371 auscgie", "et l'article suivant ?"], "art:AUSCGIE:373"),
        ("et le 41 ?", ["compte 40"], "compte:syscohada-revise:41"),
        ("et le 41 ?", ["Quel est le capital minimum d'une SARL ?"], "compte:syscohada-revise:41"),
    ],
)
def test_a_number_alone_is_of_what_was_asked_before(text: str, history: list[str], wanted: str) -> None:
    assert keys(text, *history) == [wanted]


def test_an_article_without_act_takes_the_act_last_spoken_of() -> None:
    assert keys("et l'article 312 ?", "art 311 auscgie") == ["art:AUSCGIE:312"]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Bonjour !", "general_conversation"),
        ("merci beaucoup", "general_conversation"),
        ("Qui es-tu ?", "general_conversation"),
        ("Bonjour, quel est le capital d'une SARL ?", "rag_query"),
        ("compte 401", "legal_reference_search"),
        ("Quelle est la capitale de l'Australie ?", "out_of_scope"),
        ("donne moi la recette du ndolé", "out_of_scope"),
        ("Quel est le taux de TVA applicable en Belgique sur les livres ?", "out_of_scope"),
        ("Les recettes fiscales de l'État", "rag_query"),
        ("Une société peut-elle ouvrir une succursale au Sénégal depuis la France ?", "rag_query"),
    ],
)
def test_it_tells_what_a_question_is_for(text: str, intent: str) -> None:
    assert understand(Question(text, scope())).understanding.intent == intent


def test_a_greeting_never_depends_on_what_was_asked_before() -> None:
    history = ("Quelle est la capitale de l'Australie ?",)
    reading = understand(Question("Bonjour", scope(), history))
    assert reading.understanding.intent == "general_conversation"
    assert reading.context == ""


def test_a_follow_up_on_another_form_asks_the_same_of_that_form() -> None:
    history = ("Quel est le capital minimum d'une SARL ?",)
    standalone = understand(Question("et pour une sa ?", scope(), history)).understanding.standalone
    assert "capital minimum d'une SA ?" in standalone
    assert "SARL" not in standalone


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("quel est le capital de la sa", "quel est le capital de la SA"),
        ("capital minimum sa", "capital minimum SA"),
        ("sarl et sa : différence", "SARL et SA : différence"),
        ("qu'est-ce qu'un gie ?", "qu'est-ce qu'un GIE ?"),
        ("il vend sa part à sa soeur", "il vend sa part à sa soeur"),
        ("le gérant et sa durée", "le gérant et sa durée"),
        ("what is account 521?", "qu'est-ce que compte 521"),
        ("what is the minimum share capital of an SARL?", "quel est minimum capital social SARL"),
    ],
)
def test_sigles_are_read_in_any_case_and_english_in_the_texts_words(text: str, wanted: str) -> None:
    assert plain(text) == wanted


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("comment virer le gérant", "revoqu"),
        ("ma boîte ferme", "liquid"),
        ("j'ai acheté un camion", "automobil"),
        ("tva à reverser", "du"),
    ],
)
def test_everyday_words_mean_the_texts_words(text: str, meant: str) -> None:
    assert meant in expansions(text)


def test_a_word_is_not_taken_for_another_of_the_same_stem() -> None:
    assert not {"social", "part"} & set(expansions("la partie adverse"))


def test_an_elliptic_follow_up_gets_the_question_before() -> None:
    question = Question("et la valeur minimale d'une part ?", scope(), ("Quel est le capital minimum d'une SARL ?",))
    assert understand(question).understanding.standalone == "la valeur minimale d'une part d'une SARL ?"


def test_a_follow_up_of_a_follow_up_reaches_the_first_question() -> None:
    history = ("Comment révoquer le gérant d'une SNC ?", "à l'unanimité donc")
    standalone = understand(Question("et s'il est viré sans motif ?", scope(), history)).understanding.standalone
    assert standalone.startswith("Comment révoquer le gérant")


def test_a_new_question_stands_alone() -> None:
    history = ("Quel est le capital minimum d'une SARL ?",)
    text = "Quels documents composent les états financiers annuels ?"
    assert understand(Question(text, scope(), history)).understanding.standalone == text


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("deux cent dix", 210),
        ("quatre-vingt-dix-neuf", 99),
        ("mille deux cents", 1200),
        ("soixante et onze", 71),
        ("et", None),
    ],
)
def test_it_reads_numbers_in_words(words: str, number: int | None) -> None:
    assert number_read(words) == number


@pytest.mark.parametrize(
    ("number", "normal"), [("1er", "1"), ("L. 123-4", "l123-4"), ("269 - 2", "269-2"), ("35–1", "35-1")]
)
def test_article_numbers_have_one_form(number: str, normal: str) -> None:
    assert normalise_article(number) == normal


@pytest.mark.parametrize(
    "text",
    [
        "J'achète pour 500 000 HT de marchandises à crédit, quelle écriture ?",
        "achat à crédit de 500\u202f000 F, quel compte débiter ?",
        "vente de 250 000, comptes à débiter ?",
    ],
)
def test_an_amount_is_no_account(text: str) -> None:
    assert keys(text) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("capital minimum d'une sarll ?", "capital minimum d'une SARL ?"),
        ("gérant de sral", "gérant de SARL"),
        ("une saarl", "une SARL"),
        ("la SARLU", "la SARLU"),
        ("le sarrau", "le sarrau"),
    ],
)
def test_a_misspelt_form_of_company_is_that_form(typed: str, meant: str) -> None:
    assert plain(typed) == meant


@pytest.mark.parametrize(
    ("asked", "digit"),
    [
        ("Intérêts du prêt : quel compte de charge ?", "6"),
        ("numéro du compte de trésorerie", "5"),
        ("quel compte d’immobilisation pour un logiciel", "2"),
        ("le compte de produit", "7"),
        ("compte de charges constatées d'avance", ""),
        ("compte de charges à payer", ""),
        ("compte de produits finis", ""),
        ("stock de marchandises : quel compte ?", "3"),
        ("variation de stock de marchandises : quel compte ?", ""),
        ("Stock de marchandises : quel compte de charge ?", "6"),
        ("stock de marchandises, quel compte de variation ?", ""),
        ("approbation des comptes", ""),
    ],
)
def test_the_kind_of_account_tells_its_class(asked: str, digit: str) -> None:
    assert class_of_kind(fold(asked)) == digit


@pytest.mark.parametrize(
    ("number", "asked", "is_aside"),
    [
        ("4962", "compte courant d'associé : quel compte ?", True),
        ("4962", "dépréciation du compte courant d'associé", False),
        ("2815", "amortissement du fonds de commerce", False),
        ("6031", "stock de marchandises : quel compte ?", True),
        ("6031", "variation des stocks de marchandises", False),
        ("736", "production stockée : quel compte ?", False),
        ("603", "stock final : quel compte ?", False),
        ("2845", "usure d'un véhicule : quel compte ?", False),
        ("462", "compte courant d'associé : quel compte ?", False),
        ("2494", "bureaux et chaises : quel compte ?", True),
        ("2494", "mobilier commandé, pas encore livré", False),
        ("239", "bâtiment en construction", False),
        ("835", "don à une association : quel compte ?", True),
        ("835", "don exceptionnel après le cyclone", False),
    ],
)
def test_an_account_that_stands_against_another_is_meant_where_a_question_says_so(
    number: str, asked: str, *, is_aside: bool
) -> None:
    assert stands_aside(number, fold(asked)) is is_aside


def test_what_the_words_of_a_question_mean_counts_as_said() -> None:
    assert stands_aside("391", fold("stock invendable : quel compte ?"))
    assert not stands_aside("391", fold("stock invendable : quel compte ?"), ("depreci", "stock"))


def test_what_has_no_account_of_its_own_is_meant_where_a_question_says_so() -> None:
    assert is_rest(fold("Autres frais bancaires"), fold("frais bancaires : quel compte ?"))
    assert not is_rest(fold("Autres frais bancaires"), fold("autres frais bancaires"))
    assert not is_rest(fold("FRAIS BANCAIRES"), fold("frais bancaires : quel compte ?"))
