"""What becomes of an answer's text on the page."""

import pytest
from django.utils import translation

from kauri.lib.markdown import CitationLink, render

LINKS = (CitationLink(1, "#source-1", 'Source 1 : "AUSCGIE", art. 311'),)


def test_a_known_marker_is_a_link_joined_to_its_word() -> None:
    label = "Source 1 : &quot;AUSCGIE&quot;, art. 311"
    link = f'<a class="cite" href="#source-1" aria-label="{label}">[1]</a>'
    assert render("Un million [1]. Autre [7].", LINKS) == f"<p>Un million\u00a0{link}. Autre [7].</p>\n"


def test_a_marker_inside_emphasis_and_tables_is_a_link_too() -> None:
    assert render("**Un million [1]**", LINKS).count('class="cite"') == 1
    assert render("| a |\n|---|\n| b [1] |", LINKS).count('class="cite"') == 1


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://example.com/x.png)",
        "<https://example.com>",
        "[1]: https://example.com",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_nothing_but_a_citation_becomes_a_link_or_markup(text: str) -> None:
    html = render(text, LINKS)
    for forbidden in ("<script", "<img", 'href="http', 'href="javascript', "onerror=alert(1)>"):
        assert forbidden not in html


def test_no_inline_style_reaches_the_page() -> None:
    html = render("| compte | montant |\n|:--|--:|\n| 401 | 1 000 |")
    assert "style=" not in html
    assert '<td class="amt">1\u202f000</td>' in html


def test_headings_stay_below_those_of_the_page() -> None:
    assert render("# Un") == "<h3>Un</h3>\n"
    assert render("### Trois") == "<h4>Trois</h4>\n"


def test_indented_text_stays_text() -> None:
    assert "<pre" not in render("Ainsi :\n\n    un alinéa rentré")


def test_a_table_is_named_in_the_readers_language() -> None:
    with translation.override("fr"):
        assert 'aria-label="Tableau"' in render("| a |\n|---|\n| b |")


def test_the_groups_of_a_number_stay_on_one_line() -> None:
    assert render("De 1 000 000 à 2 500 F en 2024 12 mois") == (
        "<p>De 1\u202f000\u202f000 à 2\u202f500 F en 2024 12 mois</p>\n"
    )
    assert render("libérées ; (art. 311-1 : « oui »)") == (
        "<p>libérées\u00a0; (art.\u00a0311-\u20601\u00a0: «\u00a0oui\u00a0»)</p>\n"
    )
    assert "1\u202f000" in render("| a |\n|---|\n| 1 000 |")
