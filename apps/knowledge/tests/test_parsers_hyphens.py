import pytest

from apps.knowledge.parsers.hyphens import CUT, mend, vocabulary

WORDS = vocabulary(["la location-gérance du fonds", "les créanciers opposants", "le droit commun du droit", "commun"])


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        (f"location{CUT}gérance", "location-gérance"),
        (f"oppo{CUT}sants", "opposants"),
        (f"ci{CUT}après", "ci-après"),
        (f"celui{CUT}ci", "celui-ci"),
        (f"com{CUT}mencement", "commencement"),
        (f"peut{CUT}il", "peut-il"),
        (f"Burkina{CUT}Faso", "Burkina-Faso"),
        (f"2017{CUT}2018", "2017-2018"),
    ],
)
def test_it_mends(cut: str, whole: str) -> None:
    assert mend(f"avant {cut} après", WORDS) == f"avant {whole} après"
