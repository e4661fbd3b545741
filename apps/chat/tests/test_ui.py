"""What every page draws with."""

from apps.chat.templatetags.ui import typeset


def test_marks_numbers_and_articles_do_not_break() -> None:
    text = "la souscription ; « 1 000 000 » F CFA, soit 50 % en 2024 12 mois (AUSCGIE, art. 311-1), arrêt n° 56"

    shown = typeset(text)

    assert "art.\u00a0311-\u20601)" in shown
    assert "n°\u00a056" in shown
    assert "souscription\u00a0;" in shown
    assert "«\u00a01\u202f000\u202f000\u00a0»" in shown
    assert "50\u00a0%" in shown
    assert "2024 12 mois" in shown
