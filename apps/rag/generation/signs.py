"""Signs that no answer needs: letters and figures that look like others, and numbers written so that they hide.

What an answer says is checked by reading its numbers and words. So what reads otherwise for a person than for
the check is left out: a Cyrillic "е" in "trente", figures of another script, "t·r·e·n·t·e", "4O".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from apps.rag.generation.numbers import NUMBER_WORDS, SIGNS
from kauri.lib.text import fold

# Letters of French and English, their punctuation, currencies, and what calculations and lists are set with.
_ORDINARY = re.compile(
    "[\\n\\r\\t -~\u00a0-\u00ac\u00ae-\u0130\u0132-\u017e\u02bc"
    "\u2002-\u200a\u2010-\u2015\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u202f\u2030\u2032\u2033\u2039\u203a"
    "\u20a0-\u20cf\u2116\u2122\u2190-\u2194\u21d2\u2212\u2217\u2248\u2260\u2264\u2265"
    "\u25aa\u25cf\u25e6\u2705\u2713\u2714\u26a0\u3010\u3011\ufb01\ufb02" + SIGNS + "]*"
)
_UNIT = "jours?|mois|ans?|annees?|semaines?|heures?|francs?|fcfa|euros?|pour|pourcent|associes?|parts?|fois"
_GLUED = re.compile(rf"(?<!\w)(?:(?:{NUMBER_WORDS}){{2,}}|(?:{NUMBER_WORDS})+(?:{_UNIT}))(?!\w)")
_SPELLED = re.compile(r"(?<!\w)(?:[^\W\d_A-Z][^\w\n]){3,}[^\W\d_A-Z](?!\w)")
_POWER = re.compile(r"\d\s*\^")
_MIXED = re.compile(r"(?<!\w)(?=\w*\d)(?=\w*[^\W\d_])\w+")
# "1er", "2e", "100m²", "15F": a figure with its ending or its unit.
_ENDING = re.compile(
    r"\d+(?:ers?|[èe]res?|res?|[eè]|[èe]mes?|nd[es]?|st|nd|rd|th|[hj]|jours?|mois|ans?|f|fcfa|cfa|xaf|xof|[kcm]?m[²³2]?"
    r"|k?g|t|ha|l|x|bis|ter|quater|quinquies|sexies|septies|octies|k|md|mds)\Z",
    re.IGNORECASE,
)


_LATIN = re.compile(
    r"(?<![\w.,-])(\d+(?:-\d+)*) ?(bis|ter|quater|quinquies|sexies|septies|octies|novies|nonies|decies)(?!\w)"
)


def has_odd_sign(claim: str) -> bool:
    """Tell whether a claim holds a sign that reads otherwise than it is checked."""
    composed = unicodedata.normalize("NFC", claim)
    return _ORDINARY.fullmatch(composed) is None or _POWER.search(claim) is not None


def hides_number(claim: str) -> bool:
    """Tell whether a claim holds a number that is glued, or spelled letter by letter."""
    plain = fold(claim)
    return _GLUED.search(plain) is not None or _SPELLED.search(claim) is not None


def mixed_tokens(claim: str) -> Iterable[str]:
    """Yield the words of figures and letters, folded, that are no ordinal and no figure with its unit: "L123".

    An article's Latin ending makes one word with its figure, with a space or without: "311 bis" is not 311.
    """
    for match in _LATIN.finditer(fold(claim)):
        yield match[1] + match[2]
    for match in _MIXED.finditer(claim):
        if not _ENDING.fullmatch(match[0]):
            yield fold(match[0])
