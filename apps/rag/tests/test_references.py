"""References as people write them: cases written by hand, and every kind of number in generated phrasings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from apps.rag.tests.entries import scope
from apps.rag.tests.phrasings import account_phrasings, article_phrasings, in_words
from apps.rag.types import Question
from apps.rag.understanding.caselaw import case_keys
from apps.rag.understanding.numbers import digits_read, number_read
from apps.rag.understanding.references import article_keys, article_reference, case_reference
from apps.rag.understanding.understand import understand

CASES = [json.loads(line) for line in Path(__file__).with_name("reference_cases.jsonl").read_text("utf-8").splitlines()]


def keys(text: str, *history: str) -> list[str]:
    """Return the keys of the references that are read in a question."""
    return [each.key for each in understand(Question(text, scope(), history)).understanding.references]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:60] for case in CASES])
def test_a_case_written_by_hand_is_read(case: Mapping[str, Any]) -> None:
    assert keys(case["text"], *case.get("history", ())) == case["expected"]


@pytest.mark.parametrize("number", ["1", "4", "71", "80", "99", "210", "311", "853-12", "269-2-1", "920"])
@pytest.mark.parametrize("code", ["AUSCGIE", "AUA", "CGI"])
def test_an_article_is_read_in_every_phrasing(code: str, number: str) -> None:
    for text in article_phrasings(code, number):
        assert keys(text) == [article_reference(code, number)], text


@pytest.mark.parametrize("number", ["5 bis", "86A", "86-A", "127 quinquies", "66 quater C", "86-E-1", "92-A bis"])
def test_a_tax_codes_inserted_article_is_read_in_every_phrasing(number: str) -> None:
    for text in article_phrasings("CGI", number):
        assert keys(text) == [article_reference("CGI", number)], text


@pytest.mark.parametrize("number", ["10", "40", "101", "411", "521", "4111", "6052", "24451", "60", "90"])
def test_an_account_is_read_in_every_phrasing(number: str) -> None:
    for text in account_phrasings(number):
        assert keys(text) == [f"compte:syscohada-revise:{number}"], text


def test_every_number_said_in_words_is_read_again() -> None:
    for number in range(1, 10_000):
        assert number_read(in_words(number)) == number


@pytest.mark.parametrize(
    ("words", "digits"),
    [("quatre zero un", "401"), ("quarante et un onze", "4111"), ("soixante dix", "70"), ("rien", "")],
)
def test_an_account_said_piece_by_piece_is_put_together(words: str, digits: str) -> None:
    assert digits_read(words) == digits


def test_a_range_is_bounded() -> None:
    assert len(keys("articles 1 à 900 de l'AUSCGIE")) == 12


def test_an_index_written_before_is_found_too() -> None:
    assert article_keys("CGI", "86 A") == ("art:CGI:86a", "art:CGI:86-a")
    assert article_keys("AUSCGIE", "311") == ("art:AUSCGIE:311",)


def test_a_judgment_is_known_by_its_title() -> None:
    title = "CCJA, 1ère chambre, arrêt n° 056/2023 du 15 mai 2023, Société A c/ B"
    assert case_keys((title,)) == (case_reference("CCJA", "56", "2023"),)


def test_no_law_answers_for_another() -> None:
    assert keys("Quel acte uniforme traite du droit des sociétés commerciales ?") == []
    assert keys("article 12 du code civil") == ["art:CODE-CIVIL:12"]


@pytest.mark.parametrize(
    ("text", "digit"),
    [
        ("quelle classe pour les stocks", "3"),
        ("Dans quelle classe enregistre-t-on les achats de marchandises ?", "6"),
        ("quelle classe pour les produits finis ?", "3"),
        ("classe des immobilisations", "2"),
        ("les fournisseurs sont dans quelle classe ?", "4"),
        ("quelle classe pour la banque", "5"),
        ("quelles classes pour les ventes", "7"),
        ("capital social : quelle classe ?", "1"),
        ("quelle classe pour les charges HAO", "8"),
    ],
)
def test_the_class_of_a_thing_is_known_by_what_it_holds(text: str, digit: str) -> None:
    assert keys(text) == [f"classe:syscohada-revise:{digit}"]


def test_a_class_of_shares_is_none_of_the_chart() -> None:
    assert keys("les actions de cette classe ont-elles un vote ?") == []
