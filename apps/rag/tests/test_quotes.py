"""Quotations are found where they stand, whatever the spaces and marks, and nowhere else."""

from __future__ import annotations

import random

import pytest

from apps.rag.generation.citations import locate_quote, quote_hash
from apps.rag.generation.quotes import locate, quotable, quotations
from apps.rag.tests.passages import ART_311, ART_346, passage


@pytest.mark.parametrize(
    "quote",
    [
        "le capital social doit être d'un million",
        "le capital social doit être d’un\u00a0million",
        "au moins. Il est divisé",
        "  Sauf   dispositions nationales ",
        "capital social […] parts sociales égales",
        "capital social (...) valeur nominale ne peut",
    ],
)
def test_spaces_apostrophes_and_ellipses_do_not_matter(quote: str) -> None:
    assert locate(quote, quotable(ART_311)) is not None


@pytest.mark.parametrize(
    "quote",
    [
        "Le capital social doit être",  # capital letter
        "le capital social doit etre",  # accent
        "le capital doit être",  # a word left out without a mark
        "cinq mille (50.000)",
        "parts sociales […] capital social",  # the wrong order
        "capital social (...) cinq mille",  # between them stands "ne peut être inférieure à"
        "la valeur […] peut […] être inférieure",
        "apital social",  # a cut word
        "million (1.000.000) de franc",
        "",
        "[…]",
    ],
)
def test_anything_else_does(quote: str) -> None:
    assert locate(quote, quotable(ART_311)) is None


@pytest.mark.parametrize(
    "quote", ["dit ‘réserve légale’. Cette", "dit “réserve légale”. Cette", 'dit "réserve légale".']
)
def test_marks_inside_a_quotation_are_those_of_its_language(quote: str) -> None:
    assert locate(quote, quotable(ART_346)) is not None


@pytest.mark.parametrize("quote", ["dit ‘réserve’ légale’", "dit l‘réserve légale’", "dit ‘ réserve légale ’"])
def test_single_marks_hide_no_other_words(quote: str) -> None:
    assert locate(quote, quotable(ART_346)) is None


def test_a_figure_is_not_found_inside_another() -> None:
    assert locate("000 F", quotable("soit 1000 F")) is None
    assert locate("soit 100", quotable("soit 1000 F")) is None


def test_the_span_points_into_the_plain_text_of_the_version() -> None:
    source = passage("AUSCGIE art. 346", ART_346, start=5_000)
    span = locate_quote("fonds de réserve dit “réserve légale”. Cette dotation", source)
    assert span is not None
    assert ART_346[span.start - 5_000 : span.end - 5_000] == "fonds de réserve dit « réserve légale ». Cette dotation"


def test_any_stretch_of_words_is_found_where_it_stands() -> None:
    generator = random.Random(11)
    text = f"{ART_311}\n\n{ART_346}"
    starts = [0, *(i + 1 for i, char in enumerate(text) if char.isspace())]
    for _ in range(500):
        start = generator.choice(starts[:-4])
        end = generator.choice([s for s in starts if s > start + 12] or [len(text)])
        stretch = text[start:end].strip()
        changed = "".join(generator.choice([" ", "\u00a0", "\n", "  "]) if c == " " else c for c in stretch).replace(
            "'", "’"
        )
        found = locate(changed, quotable(text))
        assert found is not None
        assert quotable(text[found.start : found.end]).reduced == quotable(stretch).reduced


def test_a_changed_letter_is_never_found() -> None:
    generator = random.Random(5)
    letters = [i for i, char in enumerate(ART_346) if char.isalpha()]
    for _ in range(300):
        at = generator.choice(letters)
        low, high = max(0, at - 30), at + 30
        changed = f"{ART_346[low:at]}ß{ART_346[at + 1 : high]}"
        assert locate(changed, quotable(ART_346)) is None


def test_quotations_are_read_by_their_outer_marks() -> None:
    text = 'Il dit « la réserve “légale” est due » puis "un mot" et « jamais fermé'
    assert [q.words.strip() for q in quotations(text)] == ["la réserve “légale” est due", "un mot", "jamais fermé"]


def test_the_hash_survives_other_spaces() -> None:
    assert quote_hash("l'acte  dit") == quote_hash("l’acte\ndit") != quote_hash("l'acte dira")
