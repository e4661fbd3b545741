"""The day whose law a question asks for, and the years that are no days of the law."""

from __future__ import annotations

from datetime import date

import pytest

from apps.rag.understanding.lawdays import day_last, former_law_asked, law_day_asked


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Quel était le capital minimum d'une SARL en 2012 ?", date(2012, 12, 31)),
        ("En 2012, quel était le capital minimum d’une SARL ?", date(2012, 12, 31)),
        ("combien fallait-il de capital pour une SARL en 2010", date(2010, 12, 31)),
        ("Comment comptabilisait-on les écarts de conversion en 2016 ?", date(2016, 12, 31)),
        ("Que disait l'article 311 de l'AUSCGIE au 31 décembre 2012 ?", date(2012, 12, 31)),
        ("Que disait l'article 311 de l'AUSCGIE le 1er mars 2012 ?", date(2012, 3, 1)),
        ("Quelle règle était applicable avant 2014 ?", date(2013, 12, 31)),
        ("capital minimum SARL en 2012", date(2012, 12, 31)),
        ("Quel est le délai de prescription en vigueur en 2005 pour les dettes commerciales ?", date(2005, 12, 31)),
        ("Quel sera le capital minimum d'une SARL en 2030 ?", date(2030, 12, 31)),
        ("What was the minimum capital of a SARL in 2012?", date(2012, 12, 31)),
        ("capital SARL en 2010", date(2010, 12, 31)),
        ("Quel est le capital minimum d'une SARL en 2012 ?", date(2012, 12, 31)),
        ("Quel est le taux de TVA en 2012 ?", date(2012, 12, 31)),
        ("What is the minimum capital of a SARL in 2012?", date(2012, 12, 31)),
        ("Quel était le délai au 31 juin 2012 ?", None),
        ("En 2012, quel est le capital minimum d'une SARL ?", date(2012, 12, 31)),
    ],
)
def test_the_day_of_the_law_is_read(text: str, day: date | None) -> None:
    assert law_day_asked(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "Quel est le capital minimum d'une SARL ?",
        "une société créée en 2012 doit-elle augmenter son capital ?",
        "Quel est le capital minimum d'une SARL constituée en 2012 ?",
        "Quel était le capital minimum d'une SARL constituée en 2012 ?",
        "J'ai acheté un véhicule en 2012, comment l'amortir ?",
        "quel compte pour la main-d’œuvre avancée en 2015 ?",
        "Comment comptabiliser un terrain qui était loué en 2012 ?",
        "achat d'un véhicule en 2012, durée d'amortissement ?",
        "délai de dépôt des états financiers de l'exercice clos le 31 décembre 2023",
        "Quelle écriture passer au 31 décembre 2024 pour les congés payés ?",
        "Que dit l'arrêt n° 056/2023 de la CCJA ?",
        "Qui était demandeur dans l'arrêt n° 056/2023 ?",
        "CGI 2025",
        "Décret 2007-724",
        "la réforme du SYSCOHADA en 2018",
        "Quelle est la différence entre le droit de 2012 et celui de 2014 ?",
        "Quel était le capital en 2012 et en 2014 ?",
        "le compte 2012 c'est quoi",
        "Quel est le délai pour un contrat signé le 3 mai 2012 ?",
        "Depuis 2014, quel est le capital minimum d'une SARL ?",
        "Quand l'acte uniforme a-t-il été adopté, en 2014 ?",
    ],
)
def test_other_years_are_no_days_of_the_law(text: str) -> None:
    assert law_day_asked(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("caisse : quel compte en 2015 ?", date(2015, 12, 31)),
        ("caisse en 2015 : quel compte utiliser ?", date(2015, 12, 31)),
        ("quel compte pour la publicité en 2012 ?", date(2012, 12, 31)),
        ("quel compte pour les congés payés en 2012 ?", date(2012, 12, 31)),
        ("quel compte en 2015 pour la caisse ?", date(2015, 12, 31)),
        ("En 2015, quel compte pour la caisse ?", date(2015, 12, 31)),
        ("Quel est le numéro de compte des clients au 31 décembre 2014 ?", date(2014, 12, 31)),
        ("compte 201 en 2012", date(2012, 12, 31)),
        ("et le compte 572 en 2012 ?", date(2012, 12, 31)),
        ("classe 2 avant 2018", date(2017, 12, 31)),
        ("à quoi servait le compte 20 en 2012 ?", date(2012, 12, 31)),
        ("Which account was cash in 2015?", date(2015, 12, 31)),
        ("What is the account for cash in 2015?", date(2015, 12, 31)),
        ("quel compte pour un véhicule acheté en 2015 ?", None),
        ("quel compte pour un chèque encaissé en 2015 ?", None),
        ("quel compte pour un terrain qui est loué depuis le début en 2012 ?", None),
        ("on a vendu un terrain en 2015 : quel compte ?", None),
        ("J'ai acheté un camion en 2015, quel compte ?", None),
        ("quels comptes annuels déposer en 2015 ?", None),
        ("le compte courant d'un associé en 2015 peut-il être débiteur ?", None),
        ("quel compte pour une facture de 2015 ?", None),
        ("commissaire aux comptes suppléant en 2012", None),
    ],
)
def test_an_account_with_its_year_is_asked_of_the_chart_of_then(text: str, day: date | None) -> None:
    assert law_day_asked(text) == day


@pytest.mark.parametrize(
    ("text", "rest", "day"),
    [
        ("et pour une SA en 2015 ?", "et pour une SA ?", date(2015, 12, 31)),
        ("Et pour une SA avant 2014 ?", "Et pour une SA ?", date(2013, 12, 31)),
        ("et pour une SA au 1er mars 2012 ?", "et pour une SA ?", date(2012, 3, 1)),
        ("et pour une société constituée en 2012 ?", "et pour une société constituée en 2012 ?", None),
        ("et pour un chèque encaissé en 2012 ?", "et pour un chèque encaissé en 2012 ?", None),
        ("et en 2012 ?", "et ?", date(2012, 12, 31)),
        ("en 2012 ?", "en 2012 ?", None),
        ("et pour une SA ?", "et pour une SA ?", None),
        ("et pour une SA en 2015 et en 2016 ?", "et pour une SA en 2015 et en 2016 ?", None),
    ],
)
def test_the_day_that_ends_a_follow_up_is_told_from_its_words(text: str, rest: str, day: date | None) -> None:
    made, when = day_last(text)
    assert (made, when.day if when else None) == (rest, day)


@pytest.mark.parametrize(
    ("text", "is_former"),
    [
        ("Quel était le capital minimum sous l'ancien acte ?", True),
        ("sous l’ancien Acte uniforme, quel quorum ?", True),
        ("Quelles mentions avant la réforme ?", True),
        ("le compte 401 dans l'ancien syscohada", False),
        ("l'ancien gérant peut-il agir ?", False),
        ("Quel est le capital minimum ?", False),
    ],
)
def test_the_law_that_was_replaced_is_asked_for_without_a_day(text: str, is_former: bool) -> None:
    assert former_law_asked(text) == is_former
