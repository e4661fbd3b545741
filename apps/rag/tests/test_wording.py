"""The answerer's own words: quotation marks of the answer's language, and the names of classes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils.translation import override

from apps.rag.generation import wording
from apps.rag.generation.quotes import locate, quotable, quotations
from apps.rag.tests.answers import answer
from apps.rag.tests.passages import account, account_number, found, passage, question
from apps.rag.understanding.charts import CLASS_TITLES

_NESTED = [
    ("dit « apport »", "« dit “apport” »", "“dit ‘apport’”"),
    ("dit “apport”", "« dit “apport” »", "“dit ‘apport’”"),
    ('dit "apport" et "part"', "« dit “apport” et “part” »", "“dit ‘apport’ et ‘part’”"),
    ("« dit “apport” » ici", "« “dit ‘apport’” ici »", "“‘dit ‘apport’’ ici”"),
    ("« l’apport », « la part »", "« “l’apport”, “la part” »", "“‘l’apport’, ‘la part’”"),
    ("dit « apport", '« dit "apport »', '“dit "apport”'),
    ('5" ou 6" pouces', '« 5" ou 6" pouces »', '“5" ou 6" pouces”'),
]


@pytest.mark.parametrize(("words", "french", "english"), _NESTED)
def test_marks_are_those_of_the_language_outside_and_inside(words: str, french: str, english: str) -> None:
    for language, expected in (("fr", french), ("en", english)):
        with override(language):
            said = wording.quoted(words, 2)
        assert said.replace("\u00a0", " ") == f"{expected} [2]"
        (read,) = quotations(said)
        assert locate(read.words, quotable(words)) is not None


@pytest.mark.parametrize("digit", range(1, 10))
async def test_an_english_answer_names_a_class_in_english(digit: int) -> None:
    number = f"{digit}1"
    heading = f"Classe {digit} : {CLASS_TITLES[digit]}"
    of = replace(account(number, f"Compte {number} : LIBELLE"), heading_path=(heading,))
    made = await answer(question(f"account {number}", language="en"), found(of, references=(account_number(number),)))
    said = made.text.replace("\u00a0", " ")
    assert said.startswith(f"Account {number} is entitled “LIBELLE” [1]. It belongs to class {digit} (")
    assert "omptes" not in said


@pytest.mark.parametrize(
    ("locator", "said"),
    [
        ("CGI art. 86A", "le CGI du Congo, art. 86A"),
        ("Art. 86A Taux de l'impôt", "le CGI du Congo, art. 86A Taux de l'impôt"),
        ("CGI art. 86A (1/2)", "le CGI du Congo, art. 86A"),
    ],
)
def test_an_article_is_named_by_all_that_its_heading_says(locator: str, said: str) -> None:
    with override("fr"):
        assert (
            wording.source_name(passage(locator, "Le taux est de 30 %.", code="CGI", country="CG", kind="law")) == said
        )
