"""Follow-ups that name a day and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from apps.rag.tests.entries import scope
from apps.rag.types import Question
from apps.rag.understanding.daysalone import restated
from apps.rag.understanding.understand import understand

SARL = "Quel est le capital minimum d'une SARL ?"


def asked(text: str, *history: str) -> Question:
    return Question(text, scope(), history)


@pytest.mark.parametrize(
    ("history", "text", "meant", "day"),
    [
        ((SARL,), "et en 2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?", date(2012, 12, 31)),
        ((SARL,), "Et avant 2014 ?", "Quel était le capital minimum d'une SARL avant 2014 ?", date(2013, 12, 31)),
        ((SARL,), "En 2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?", date(2012, 12, 31)),
        ((SARL,), "et pour 2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?", date(2012, 12, 31)),
        (
            (SARL,),
            "Et au 1er mars 2012 ?",
            "Quel était le capital minimum d'une SARL au 1er mars 2012 ?",
            date(2012, 3, 1),
        ),
        (
            (SARL,),
            "Et au 31 décembre 2012 ?",
            "Quel était le capital minimum d'une SARL au 31 decembre 2012 ?",
            date(2012, 12, 31),
        ),
        (
            (SARL, "et pour une SA ?"),
            "et en 2012 ?",
            "Quel était le capital minimum d'une SA en 2012 ?",
            date(2012, 12, 31),
        ),
        (
            (SARL, "et en 2005 ?"),
            "et en 2012 ?",
            "Quel était le capital minimum d'une SARL en 2012 ?",
            date(2012, 12, 31),
        ),
        (
            ("Quel était le capital minimum d'une SARL en 2005 ?",),
            "et en 2012 ?",
            "Quel était le capital minimum d'une SARL en 2012 ?",
            date(2012, 12, 31),
        ),
        ((SARL, "merci !"), "et en 2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?", date(2012, 12, 31)),
        (
            ("Comment comptabiliser un achat de marchandises ?",),
            "et en 2012 ?",
            "Comment comptabiliser un achat de marchandises ? (droit en vigueur en 2012)",
            date(2012, 12, 31),
        ),
        (
            ("What is the minimum capital of a SARL?",),
            "and in 2012?",
            "What was the minimum capital of a SARL in 2012 ?",
            date(2012, 12, 31),
        ),
        (
            ("Qu'est-ce qu'une SARL et que doit faire son gérant ?",),
            "et en 2012 ?",
            "Qu'est-ce qu'une SARL et que doit faire son gérant ? (droit en vigueur en 2012)",
            date(2012, 12, 31),
        ),
        ((SARL, "et en 2005 ?"), "et aujourd'hui ?", SARL, None),
        (
            ("Quel était le capital minimum d'une SARL en 2005 ?",),
            "et aujourd’hui ?",
            "Quel était le capital minimum d'une SARL ?",
            None,
        ),
    ],
)
def test_a_day_alone_asks_the_former_question_of_that_day(
    history: tuple[str, ...], text: str, meant: str, day: date | None
) -> None:
    made = restated(asked(text, *history))
    assert made.text == meant
    assert understand(made).understanding.as_of_hint == day


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ((), "et en 2012 ?"),
        (("Bonjour",), "et en 2012 ?"),
        (("Une société créée en 2010 doit-elle augmenter son capital ?",), "et en 2012 ?"),
        ((SARL,), "et pour une SA en 2012 ?"),
        ((SARL,), "Et pour une société constituée en 2012 ?"),
        ((SARL,), "et pourquoi ?"),
    ],
)
def test_anything_else_stays_as_it_was_asked(history: tuple[str, ...], text: str) -> None:
    question = asked(text, *history)
    assert restated(question) == question


def test_what_it_named_goes_with_it() -> None:
    made = restated(asked("et en 2012 ?", "Que dit l'article 311 de l'AUSCGIE ?"))
    reading = understand(replace(made, history=()))
    assert [reference.label for reference in reading.understanding.references] == ["AUSCGIE, art. 311"]
    assert reading.understanding.as_of_hint == date(2012, 12, 31)
