"""Follow-ups that name a day and nothing else."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest

from apps.rag.tests.entries import scope
from apps.rag.types import Question
from apps.rag.understanding.daysalone import restated
from apps.rag.understanding.editions import LAST_DAY, day_asked, scope_meant
from apps.rag.understanding.formerwords import without_former
from apps.rag.understanding.lawdays import former_law_asked
from apps.rag.understanding.understand import understand
from kauri.lib import clock

TODAY = date(2026, 11, 30)
SARL = "Quel est le capital minimum d'une SARL ?"


@pytest.fixture(autouse=True)
def _is_30_november_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


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
            "Quel était le capital minimum d'une SARL au 31 décembre 2012 ?",
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
            "What was the minimum capital of a SARL in 2012?",
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


OF_SA = "Quel était le capital minimum d'une SA en 2015 ?"
CLIENTS = "Quel est le compte des clients ?"


@pytest.mark.parametrize(
    ("history", "text", "meant", "day"),
    [
        ((SARL,), "et pour une SA en 2015 ?", OF_SA, date(2015, 12, 31)),
        (
            ("What is the minimum capital of a SARL?",),
            "and for a SA in 2015?",
            "What was the minimum capital of a SA in 2015?",
            date(2015, 12, 31),
        ),
        (
            (CLIENTS,),
            "et les fournisseurs en 2012 ?",
            "Quel était le compte des clients ? et les fournisseurs en 2012 ?",
            date(2012, 12, 31),
        ),
        (
            (SARL, "et pour une SA en 2015 ?"),
            "et en 2012 ?",
            "Quel était le capital minimum d'une SA en 2012 ?",
            date(2012, 12, 31),
        ),
        (
            (SARL, "et pour une SA en 2015 ?"),
            "et aujourd'hui ?",
            "Quel était le capital minimum d'une SA ?",
            None,
        ),
    ],
)
def test_a_follow_up_that_ends_with_a_day_is_asked_of_it(
    history: tuple[str, ...], text: str, meant: str, day: date | None
) -> None:
    made = restated(asked(text, *history))
    assert made.text == meant
    assert understand(made).understanding.as_of_hint == day


@pytest.mark.parametrize("before", [("et pour une SA en 2015 ?",), ("et en 2015 ?",)])
def test_what_follows_is_asked_of_that_day_too(before: tuple[str, ...]) -> None:
    reading = understand(restated(asked("et pour une SA ?", SARL, *before)))
    assert reading.understanding.standalone == OF_SA
    assert reading.understanding.as_of_hint == date(2015, 12, 31)


def test_many_follow_ups_that_end_with_a_day_are_read_at_once() -> None:
    history = (SARL, *(f"et pour une SA en {year} ?" for year in range(1990, 2015)))
    started = time.perf_counter()
    assert restated(asked("et en 2015 ?", *history)).text == OF_SA
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("history", "text", "meant", "day"),
    [
        (("compte 571",), "et dans l'ancien plan ?", "compte 571 dans l'ancien plan ?", LAST_DAY),
        (("compte 571",), "Et l’ancien SYSCOHADA ?", "compte 571 dans l'ancien plan ?", LAST_DAY),
        (("compte 571", "et dans l'ancien plan ?"), "et en 2012 ?", "compte 571 en 2012 ?", date(2012, 12, 31)),
        (("compte 571", "et en 2012 ?"), "et dans l'ancien plan ?", "compte 571 dans l'ancien plan ?", LAST_DAY),
        (("compte 571", "et dans l'ancien plan ?"), "et dans le plan révisé ?", "compte 571", TODAY),
        (("compte 571", "et dans l'ancien plan ?"), "et aujourd'hui ?", "compte 571", TODAY),
        (
            (CLIENTS, "et dans l'ancien plan comptable ?"),
            "et en 2020 ?",
            "Quel était le compte des clients en 2020 ?",
            date(2020, 12, 31),
        ),
        (("account 571",), "and in the former chart?", "account 571 in the former chart?", LAST_DAY),
    ],
)
def test_a_chart_alone_asks_the_former_question_of_it(
    history: tuple[str, ...], text: str, meant: str, day: date
) -> None:
    made = restated(Question(text, scope(as_of=TODAY), history))
    assert made.text == meant
    assert scope_meant(made, day_asked(made.text)).as_of == day


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ((), "et en 2012 ?"),
        ((), "et dans l'ancien plan ?"),
        (("Bonjour",), "et en 2012 ?"),
        (("Une société créée en 2010 doit-elle augmenter son capital ?",), "et en 2012 ?"),
        ((SARL,), "Et pour une société constituée en 2012 ?"),
        ((SARL,), "et pourquoi ?"),
    ],
)
def test_anything_else_stays_as_it_was_asked(history: tuple[str, ...], text: str) -> None:
    question = asked(text, *history)
    assert restated(question) == question


FORMER = "Quel est le compte des clients dans l'ancien SYSCOHADA ?"
OLD_ACT = "Quel est le capital minimum d'une SARL sous l'ancien acte uniforme ?"


@pytest.mark.parametrize(
    ("history", "text", "meant", "day"),
    [
        (FORMER, "et aujourd'hui ?", "Quel est le compte des clients dans le SYSCOHADA ?", date(2026, 11, 30)),
        (FORMER, "et maintenant ?", "Quel est le compte des clients dans le SYSCOHADA ?", date(2026, 11, 30)),
        (
            FORMER,
            "et en 2020 ?",
            "Quel était le compte des clients dans le SYSCOHADA en 2020 ?",
            date(2020, 12, 31),
        ),
        (
            FORMER,
            "et en 2012 ?",
            "Quel était le compte des clients dans l'ancien SYSCOHADA en 2012 ?",
            date(2012, 12, 31),
        ),
        (
            "Quel est le compte des clients du plan comptable ancien ?",
            "et aujourd'hui ?",
            "Quel est le compte des clients du plan comptable ?",
            date(2026, 11, 30),
        ),
        (
            "Quel est le compte des clients de l'ancien plan comptable ?",
            "et aujourd'hui ?",
            "Quel est le compte des clients du plan comptable ?",
            date(2026, 11, 30),
        ),
        (
            OLD_ACT,
            "et aujourd'hui ?",
            "Quel est le capital minimum d'une SARL sous l'acte uniforme ?",
            date(2026, 11, 30),
        ),
        (
            OLD_ACT.replace("ancien acte uniforme", "ancien droit"),
            "et aujourd'hui ?",
            "Quel est le capital minimum d'une SARL ?",
            date(2026, 11, 30),
        ),
        (
            "Quel était le capital minimum d'une SARL avant la réforme de l'AUSCGIE ?",
            "et aujourd'hui ?",
            "Quel était le capital minimum d'une SARL ?",
            date(2026, 11, 30),
        ),
    ],
)
def test_what_was_replaced_is_not_what_a_later_day_asks_for(history: str, text: str, meant: str, day: date) -> None:
    question = Question(text, scope(as_of=clock.today()), (history,))
    made = restated(question)
    assert made.text == meant
    assert not former_law_asked(made.text)
    assert scope_meant(made, day_asked(made.text)).as_of == day


NEED = "Does a SARL need an auditor?"
FINANCE = "Quel est le taux de l'IS selon la loi de finances pour 2025 ?"


@pytest.mark.parametrize(
    ("earlier", "text", "meant"),
    [
        # a year to come, and the current one
        (SARL, "et en 2027 ?", "Quel sera le capital minimum d'une SARL en 2027 ?"),
        (SARL, "et avant 2028 ?", "Quel sera le capital minimum d'une SARL avant 2028 ?"),
        (SARL, "et en 2026 ?", "Quel est le capital minimum d'une SARL en 2026 ?"),
        (SARL, "et au 1er mars 2026 ?", "Quel était le capital minimum d'une SARL au 1er mars 2026 ?"),
        (
            "What is the minimum capital of a SARL?",
            "and in 2027?",
            "What is the minimum capital of a SARL in 2027?",
        ),
        # in the question's own language
        (NEED, "and in 2012?", "Did a SARL need an auditor in 2012?"),
        (NEED, "and in 2027?", "Will a SARL need an auditor in 2027?"),
        (NEED, "et avant 2014 ?", "Did a SARL need an auditor before 2014?"),
        (NEED, "et au 1er février 2012 ?", "Did a SARL need an auditor on 1 February 2012?"),
        ("Must a SARL have an auditor?", "and in 2012?", "Must a SARL have an auditor? (law in force in 2012)"),
        (SARL, "and in 2012?", "Quel était le capital minimum d'une SARL en 2012 ?"),
        (SARL, "and on 1 August 2012?", "Quel était le capital minimum d'une SARL au 1er août 2012 ?"),
        # what tied the former day goes with it
        (FINANCE, "et pour 2024 ?", "Quel était le taux de l'IS selon la loi de finances en 2024 ?"),
        ("Quel est le taux de l'IS depuis 2022 ?", "et en 2020 ?", "Quel était le taux de l'IS en 2020 ?"),
        ("Quel est le taux de l'IS à partir de 2022 ?", "et en 2020 ?", "Quel était le taux de l'IS en 2020 ?"),
        (
            "Quel est le taux de l'IS au titre de l'exercice 2025 ?",
            "et en 2020 ?",
            "Quel était le taux de l'IS en 2020 ?",
        ),
        (
            "Quel était le capital minimum d'une SARL jusqu'en 2012 ?",
            "et en 2005 ?",
            "Quel était le capital minimum d'une SARL en 2005 ?",
        ),
        # the year alone
        (SARL, "et 2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?"),
        (SARL, "2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?"),
        (SARL, "et pour l'exercice 2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?"),
        (SARL, "et l'exercice 2012 ?", "Quel était le capital minimum d'une SARL en 2012 ?"),
        (NEED, "and 2012?", "Did a SARL need an auditor in 2012?"),
    ],
)
def test_a_day_is_put_as_it_is_asked_for(earlier: str, text: str, meant: str) -> None:
    made = restated(asked(text, earlier))
    assert made.text == meant
    # the current year's law is today's
    assert day_asked(made.text) is not None or "2026" in text


@pytest.mark.parametrize("text", ["et 2012 ?", "2012 ?", "et le 31 juin 2012 ?"])
def test_a_number_of_an_account_or_no_day_at_all_is_no_day(text: str) -> None:
    question = asked(text, "À quoi sert le compte 211 ?")
    assert restated(question) == question


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Que doit l'ancien gérant selon l'ancien AUSCGIE ?", "Que doit l'ancien gérant selon l'AUSCGIE ?"),
        ("le numéro de l’ancien compte 31", "le numéro du compte 31"),
        ("un compte du SYSCOHADA non révisé", "un compte du SYSCOHADA"),
        ("What does the former chart say?", "What does the chart say?"),
        ("Que doit l'ancienne gérante ?", "Que doit l'ancienne gérante ?"),
    ],
)
def test_only_the_law_that_was_replaced_loses_its_age(text: str, meant: str) -> None:
    assert without_former(text) == meant


def test_what_it_named_goes_with_it() -> None:
    made = restated(asked("et en 2012 ?", "Que dit l'article 311 de l'AUSCGIE ?"))
    reading = understand(replace(made, history=()))
    assert [reference.label for reference in reading.understanding.references] == ["AUSCGIE, art. 311"]
    assert reading.understanding.as_of_hint == date(2012, 12, 31)
