"""Sentences before Django is there: the same catalogues, read by the standard library."""

import gettext as stdlib_gettext
import os
from pathlib import Path

from kauri.launcher.errors import LaunchError

BASE_DIR = Path(__file__).resolve().parents[2]


def _catalogue() -> stdlib_gettext.NullTranslations:
    languages = os.environ.get("LANGUAGE", "fr").split(":")
    return stdlib_gettext.translation("django", BASE_DIR / "locale", languages=languages, fallback=True)


def _(message: str) -> str:
    """Translate for the terminal: French, or what the variable LANGUAGE names."""
    return _catalogue().gettext(message)


def sentence(error: LaunchError) -> str:
    """Return the translated sentence of a launch error."""
    template = _(error.template)
    return template % error.parameters if error.parameters else template
