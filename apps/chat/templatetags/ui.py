"""Small things that every page draws."""

from datetime import date

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.rag.types import display_locator
from kauri.lib import days

register = template.Library()


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
