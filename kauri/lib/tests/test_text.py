"""Comparison of words the way a reader compares them."""

import unicodedata

import pytest

from kauri.lib.text import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’Élève naïf", "l'eleve naif"),
        ("CŒUR, æquo, ǽ", "coeur, aequo, ae"),
        ("N° 5 : ½", "n° 5 : 1⁄2"),
        ("e\u0301te\u0301 ` \u1fef", "ete ' '"),
        ("plain text", "plain text"),
        ("", ""),
    ],
)
def test_folded_text_has_no_accents_and_straight_apostrophes(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_every_character_is_folded_alone_as_in_company() -> None:
    letters = [chr(code) for code in range(0x20, 0x2100) if not unicodedata.category(chr(code)).startswith("C")]
    assert fold("".join(letters)).split() == "".join(map(fold, letters)).split()
