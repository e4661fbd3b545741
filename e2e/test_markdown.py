"""An answer looks the same while it streams and once it is saved: two renderers, one result."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from e2e.browser import Visitor, open_browser
from e2e.stack import Stack
from kauri.lib.markdown import CitationLink, render

TEXTS = (
    "Un paragraphe [1].\nSa suite.\n\nUn autre\u00a0[2], inconnu [9].",
    "## La règle\n\nTexte\n\n### Détail\n\nFin.",
    "Ses sous-comptes :\n\n- 4011 : « Fournisseurs » [1]\n- **4012** : groupe\n\nPuis la suite.",
    "1. Dixième : 850 000\n2. Plafond : 2 000 000 [1]",
    "> Une citation [1]\n> sur deux lignes\n\nAprès.",
    "| Compte | Débit |\n|---|--:|\n| 601 [1] | 1 000 |\n| 4452 | 180 |\n\nAprès le tableau.",
    "<script>alert(1)</script> et [un lien](javascript:alert(1))",
    "5 \\* 3 = 15, et *un mot*.",
)
# Spaces between blocks and the paragraphs of a loose list are nothing that a reader sees.
_NORMALISED = """(html) => {
  const box = document.createElement("div");
  if (typeof html === "string") box.innerHTML = html; else box.append(...html);
  for (const p of box.querySelectorAll("li > p")) p.replaceWith(...p.childNodes);
  return box.innerHTML.replace(/>\\s+/g, ">").replace(/\\s+</g, "<").replace(/\\s+/g, " ");
}"""
_BY_SCRIPT = (
    """async ([text, labels]) => {
  const { render } = await import("/static/js/markdown.js");
  const cite = (n) => {
    if (!labels[n]) return null;
    const link = document.createElement("a");
    link.className = "cite";
    link.href = `#source-${n}`;
    link.setAttribute("aria-label", labels[n]);
    link.textContent = `[${n}]`;
    return link;
  };
  return ("""
    + _NORMALISED
    + """)(render(text, cite, "Table"));
}"""
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as running:
        yield running


@pytest.fixture(scope="module")
def visitor(browser: Browser, stack: Stack) -> Visitor:
    opened = Visitor(browser, stack.url)
    opened.page.goto("/")
    return opened


@pytest.mark.parametrize("text", TEXTS)
def test_both_renderers_agree(visitor: Visitor, text: str) -> None:
    links = [CitationLink(1, "#source-1", "Source 1"), CitationLink(2, "#source-2", "Source 2")]
    saved = visitor.page.evaluate(_NORMALISED, str(render(text, links)).replace('"Tableau"', '"Table"'))
    streamed = visitor.page.evaluate(_BY_SCRIPT, [text, {"1": "Source 1", "2": "Source 2"}])
    assert streamed == saved


def test_both_renderers_hold_numbers_together(visitor: Visitor) -> None:
    streamed = visitor.page.evaluate(
        """async () => {
          const { render } = await import("/static/js/markdown.js");
          return render("1 000 000 F ; art. 311-1", () => null)[0].textContent;
        }"""
    )
    assert streamed == "1\u202f000\u202f000 F\u00a0; art.\u00a0311-\u20601"
