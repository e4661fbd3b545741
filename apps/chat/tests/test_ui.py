"""What every page draws with."""

from apps.chat.templatetags.ui import typeset


def test_marks_and_thousands_do_not_break_and_nothing_moves() -> None:
    text = "la souscription ; « 1 000 000 » F CFA, soit 50 % en 2024 12 mois"

    shown = typeset(text)

    assert len(shown) == len(text)
    assert "souscription\u00a0;" in shown
    assert "«\u00a01\u202f000\u202f000\u00a0»" in shown
    assert "50\u00a0%" in shown
    assert "2024 12 mois" in shown
