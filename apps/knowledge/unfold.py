"""The look of the back office: colours, signs and navigation of django-unfold.

The settings import this module: it must not import models. Colours are those of the interface's
tokens, in oklch as the theme's CSS expects them.
"""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

_SHADES = (50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950)
_BASE = (
    "98.2% 0.003 150",
    "96.4% 0.005 150",
    "91.6% 0.008 150",
    "85.5% 0.01 155",
    "71.5% 0.013 160",
    "52% 0.017 162",
    "43.5% 0.018 165",
    "35.5% 0.019 166",
    "26.5% 0.017 168",
    "20.5% 0.014 170",
    "16% 0.011 171",
)
_PRIMARY = (
    "97.4% 0.014 172",
    "93.5% 0.026 172",
    "86.5% 0.05 171",
    "79.6% 0.093 170",
    "70.5% 0.1 171",
    "56% 0.095 172",
    "42.9% 0.077 174",
    "36% 0.063 174",
    "30% 0.05 175",
    "25% 0.04 176",
    "19% 0.03 176",
)


def _colours(shades: tuple[str, ...]) -> dict[str, str]:
    return {str(number): f"oklch({shade})" for number, shade in zip(_SHADES, shades, strict=True)}


def _entry(title: object, icon: str, name: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}"), **more}


def _is_superuser(request: Any) -> bool:
    return bool(request.user.is_superuser)


def _is_reading(request: Any) -> bool:
    """Tell whether the page is one of the documents', the one that adds apart: that has its own entry."""
    path = str(request.path)
    return "/knowledge/document/" in path and not path.endswith("/add/")


# Words of the theme that its own French catalogue lacks, and Django's that read badly: named here, they are in ours.
THEME_WORDS = (
    _("Type to search"),
    _("Choose file to upload"),
    _("No results found"),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Reset filters"),
    _("The {name} “{obj}” was added successfully."),
    _("The {name} “{obj}” was changed successfully."),
)

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Kauri, curation"),
    "SITE_HEADER": "Kauri",
    "SITE_SUBHEADER": _("Curation"),
    "SITE_URL": "/",
    "SITE_ICON": lambda _request: static("img/kauri-mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/favicon.svg")}],
    "BORDER_RADIUS": "6px",
    "COLORS": {"base": _colours(_BASE), "primary": _colours(_PRIMARY)},
    "STYLES": [lambda _request: static("css/admin.css")],
    "SCRIPTS": [lambda _request: static("js/admin.js")],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Corpus"),
                "items": [
                    _entry(_("Documents"), "menu_book", "knowledge_document_changelist", active=_is_reading),
                    _entry(_("Add a document"), "upload_file", "knowledge_document_add"),
                    _entry(_("Imports"), "sync", "knowledge_ingestionjob_changelist"),
                    _entry(_("Passages"), "notes", "knowledge_passage_changelist"),
                    _entry(_("Charts of accounts"), "account_tree", "knowledge_account_changelist"),
                    _entry(_("Collections"), "folder_open", "knowledge_namespace_changelist"),
                    _entry(_("Lexicon"), "translate", "rag_lexiconentry_changelist"),
                ],
            },
            {
                "title": _("Accounts"),
                "items": [
                    _entry(_("Users"), "person", "accounts_user_changelist", permission=_is_superuser),
                    _entry(_("Organisations"), "groups", "accounts_organisation_changelist", permission=_is_superuser),
                ],
            },
        ],
    },
}
