"""Numbers as texts write them, and calculations computed again."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from apps.rag.generation.arithmetic import steps
from apps.rag.generation.numbers import mentions


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1 000 000 F CFA", 1_000_000, "money"),
        ("1.000.000 de francs CFA", 1_000_000, "money"),
        ("1\u202f000\u202f000", 1_000_000, ""),
        ("un million de francs", 1_000_000, "money"),
        ("2,5 milliards", 2_500_000_000, ""),
        ("cent vingt-cinq millions", 125_000_000, ""),
        ("quatre-vingt-dix-neuf", 99, ""),
        ("deux cent dix", 210, ""),
        ("vingt et un jours", 21, "day"),
        ("10 %", 10, "%"),
        ("dix pour cent", 10, "%"),
        ("0,3%", Fraction(3, 10), "%"),
        ("six (6) mois", 6, "month"),
        ("un an", 1, "year"),
        ("un dixième", Fraction(1, 10), "part"),
        ("les deux tiers", Fraction(2, 3), "part"),
        ("article 311", 311, "ref"),
        ("three years", 3, "year"),
    ],
)
def test_it_reads(text: str, value: Fraction | int, unit: str) -> None:
    first = mentions(text)[0]
    assert Fraction(value) in first.values
    assert first.unit == unit


def test_a_compound_number_is_one() -> None:
    assert [m.code for m in mentions("l'article 269-2-1")] == ["269-2-1"]


def test_articles_of_speech_are_no_numbers() -> None:
    assert mentions("une action et un acte") == ()


def test_a_range_shares_its_unit() -> None:
    assert [m.unit for m in mentions("de dix à quinze jours")] == ["day", "day"]


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("8 500 000 × 10 % = 850 000 F", True),
        ("8 500 000 × 10 % = 950 000 F", False),
        ("10 % de 8 500 000 F, soit 850 000 F", True),
        ("un dixième de 8 500 000, soit 850 000", True),
        ("10 000 000 ÷ 5 = 2 000 000 F", True),
        ("2 000 000 − 1 600 000 = 400 000", True),
        ("850 000 F (10 % × 8 500 000)", True),
        ("850 001 F (10 % × 8 500 000)", False),
        ("10 / 3 = 3,33", True),
        ("10 / 3 = 3,34", False),
        ("5 / 0 = 1", False),
        ("3 + 4 × 5 = 23", True),
        ("3 + 4 × 5 = 35", False),
    ],
)
def test_a_calculation_is_right_or_wrong(text: str, is_right: bool) -> None:
    found = steps(text, mentions(text))
    assert [step.is_right for step in found] == [is_right]


@pytest.mark.parametrize(
    "text", ["dix (10) ans", "les articles 311 - 312", "Plafond (art. 346) : 2 000 F", "deux mois de 2018"]
)
def test_what_only_looks_like_a_calculation_is_none(text: str) -> None:
    assert steps(text, mentions(text)) == ()


def test_grouped_figures_are_read_back() -> None:
    generator = random.Random(1)
    for _ in range(500):
        number = generator.randint(0, 10**12)
        for space in (" ", "\u00a0", "\u202f", "."):
            written = f"{number:,}".replace(",", space)
            assert [m.values for m in mentions(f"soit {written} F")] == [frozenset({Fraction(number)})]


def test_sums_are_computed_as_python_does() -> None:
    generator = random.Random(2)
    for _ in range(300):
        a, b, c = (generator.randint(1, 10**6) for _ in range(3))
        text = f"{a} + {b} × {c} = {a + b * c}"
        assert [s.is_right for s in steps(text, mentions(text))] == [True]
        wrong = f"{a} + {b} × {c} = {a + b * c + generator.randint(1, 9)}"
        assert [s.is_right for s in steps(wrong, mentions(wrong))] == [False]
