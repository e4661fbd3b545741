"""Small things that every page draws."""

import re
from collections.abc import Sequence
from datetime import date

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.rag.types import display_locator
from kauri.lib import days
from kauri.lib.text import lines_kept

register = template.Library()

# What is short enough to stand in the margin: an article or an account.
_MARGIN_LABEL = re.compile(r"(?:^|, )((?:art\.|compte|classe) \S{1,12})$", re.IGNORECASE)


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Draw one symbol of `static/img/icons.svg`; it never speaks, the words beside it do."""
    return format_html(
        '<svg class="i {}" viewBox="0 0 20 20" aria-hidden="true"><use href="{}#{}"/></svg>',
        css_class,
        static("img/icons.svg"),
        name,
    )


@register.filter
def locator(stored: str) -> str:
    """Write a locator as jurists do: `AUSCGIE art. 311` becomes `AUSCGIE, art. 311`."""
    return display_locator(stored)


@register.filter
def day(value: date | None) -> str:
    """Write a day in words; nothing where there is none."""
    return days.written(value) if value else ""


@register.filter
def margin_label(shown: str) -> str:
    """Return the part of a locator that fits in the margin (`Art. 311`, `Compte 401`), "" for a long title."""
    match = _MARGIN_LABEL.search(shown)
    return match[1][:1].upper() + match[1][1:] if match else ""


@register.filter
def above(heading_path: Sequence[str], locator_shown: str) -> str:
    """Return the headings above a passage, without the one that its own title repeats."""
    headings = list(heading_path)
    if headings and headings[-1] == locator_shown:
        headings.pop()
    return " · ".join(headings)


@register.filter
def typeset(text: str) -> str:
    """Keep French marks, numbers and references to articles on one line."""
    return lines_kept(text)
