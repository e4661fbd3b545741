"""Whether what came first may speak for what a question names."""

from __future__ import annotations

from typing import Any

import pytest

from apps.rag.retrieval.stages import is_of_country_asked
from apps.rag.tests.passages import found, passage

TAX = "taux de l'impôt sur les sociétés au Congo"
RATE = "Le taux de l'impôt est de 30 %."


@pytest.mark.parametrize(
    ("said", "may"),
    [
        ({"locator": "CGI art. 122", "country": "CG"}, True),
        # whoever imported it gave no state
        ({"locator": "CGI art. 122"}, True),
        ({"locator": "CGI art. 122", "country": "GA"}, False),
        ({"locator": "p. 3", "kind": "guide"}, False),
        ({"locator": "p. 3", "kind": "guide", "document_title": "Guide fiscal du Congo"}, True),
        ({"locator": "AUSCGIE art. 177"}, False),
    ],
)
def test_a_state_s_tax_is_told_by_its_own_law(said: dict[str, Any], *, may: bool) -> None:
    law = {"kind": "law", "text": RATE, **said}
    result = found(passage(law.pop("locator"), law.pop("text"), **law))
    assert is_of_country_asked(TAX, result.passages) is may


def test_what_is_no_tax_and_names_no_state_is_told_by_any_text() -> None:
    guide = found(passage("p. 3", RATE, kind="guide")).passages
    assert is_of_country_asked("capital d'une SARL au Congo", guide)
    assert is_of_country_asked("taux de l'impôt sur les sociétés", guide)
