"""Answers are a small Markdown: paragraphs, headings, lists, quotes, tables, emphasis, and [n].

`static/js/markdown.js` renders the same subset while an answer streams: change both together.
"""

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from kauri.lib.text import lines_kept

_MARKER = re.compile(r"\[(\d{1,3})\]")
_NO_BREAK_SPACE = "\u00a0"
# Links, images and raw HTML have no place in an answer: the only link is a citation that Kauri checked.
_RULES_OFF = [
    "html_block",
    "html_inline",
    "link",
    "image",
    "autolink",
    "reference",
    "code",
    "fence",
    "lheading",
    "entity",
    "backticks",
]
# The page's own headings end at h2 (the question), so an answer starts at h3.
_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}

Env = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class CitationLink:
    """Where [marker] leads, and what a screen reader says for it."""

    marker: int
    href: str
    label: str


def render(text: str, citations: Sequence[CitationLink] = ()) -> SafeString:
    """Return `text` as safe HTML; every [n] that `citations` knows becomes a link, others stay text."""
    links = {link.marker: link for link in citations}
    # Every character of the text is escaped by the renderer (HTML is off), labels by format_html.
    html: str = _PARSER.render(text, {"citations": links})
    return mark_safe(html)  # noqa: S308 - see the line above


def _cite(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser calls it so
    match = _MARKER.match(state.src, state.pos)
    link = state.env.get("citations", {}).get(int(match[1])) if match else None
    if match is None or link is None:
        return False
    if not silent:
        if state.pending.endswith(" "):
            state.pending = state.pending[:-1] + _NO_BREAK_SPACE
        state.push("cite", "a", 0).meta = {"link": link}
    state.pos = match.end()
    return True


def _render_cite(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env) -> str:
    link: CitationLink = tokens[index].meta["link"]
    return format_html('<a class="cite" href="{}" aria-label="{}">[{}]</a>', link.href, link.label, link.marker)


def _render_table_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    label = escape(_("Table"))
    return f'<div class="table-scroll" tabindex="0" role="region" aria-label="{label}"><table class="ledger">\n'


def _render_table_close(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    return "</table></div>\n"


def _fit_page(tokens: Sequence[Token]) -> None:
    """Shift headings below the page's own, keep lines from ending where they must not, and turn inline styles, which
    the policy forbids, into classes.
    """
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = _HEADINGS[token.tag]
        for child in token.children or ():
            if child.type == "text":
                child.content = lines_kept(child.content)
        if "style" in token.attrs and token.attrs.pop("style") == "text-align:right":
            token.attrs["class"] = "amt"


def _build_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_RULES_OFF)
    parser.inline.ruler.before("emphasis", "cite", _cite)
    parser.core.ruler.push("fit_page", lambda state: _fit_page(state.tokens))
    parser.add_render_rule("cite", _render_cite)
    parser.add_render_rule("table_open", _render_table_open)
    parser.add_render_rule("table_close", _render_table_close)
    return parser


_PARSER = _build_parser()
