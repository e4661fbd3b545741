"""The member states, by the names that people give them."""

from __future__ import annotations

import re

from kauri.lib.text import fold

_NAMES = {
    "BJ": r"benin\w*",
    "BF": r"burkina\w*",
    "CM": r"cameroun\w*",
    "CF": r"centrafri\w*",
    "KM": r"comor\w*",
    "CG": r"congo(?:lais\w*)?(?![- ]kinshasa)|brazzaville",
    "CD": r"rdc|republique democratique du congo|congo[- ]kinshasa",
    "CI": r"cote d'ivoire|ivoirien\w*",
    "GA": r"gabon\w*",
    "GN": r"guinee(?![- ](?:bissau|equatoriale))|guineen\w*",
    "GW": r"guinee[- ]bissau",
    "GQ": r"guinee[- ]equatoriale",
    "ML": r"mali(?:en\w*)?",
    "NE": r"niger(?:ien\w*)?",
    "SN": r"senegal\w*|cocc",
    "TD": r"tchad\w*",
    "TG": r"togo\w*",
}
_PATTERNS = {code: re.compile(rf"\b(?:{names})\b") for code, names in _NAMES.items()}


def countries_named(text: str) -> frozenset[str]:
    """Return the two-letter codes of the member states that a text names."""
    folded = fold(text)
    return frozenset(code for code, pattern in _PATTERNS.items() if pattern.search(folded))
