"""The member states, by the names that people give them, their people and their large towns."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag.understanding.folded import fold

_NAMES = {
    "BJ": r"benin\w*|cotonou|porto[- ]novo",
    "BF": r"burkina\w*|ouaga(?:dougou)?|bobo[- ]dioulasso",
    "CM": r"camerou?n\w*|douala|yaounde",
    "CF": r"centrafri\w+|centrafrique|rca|bangui",
    "KM": r"comor\w*|moroni",
    "CG": (
        r"(?<!rd )(?<!republique democratique du )congo(?:lais\w*)?(?! ?[- ]?\(?(?:kinshasa|democratique))"
        r"|brazza(?:ville)?|pointe[- ]noire"
    ),
    "CD": (
        r"rdc|rd congo|republique democratique du congo|congo[- ]?\(?(?:kinshasa|democratique)|kinshasa|lubumbashi"
        r"|zairo?i?s?e?"
    ),
    "CI": r"cote d ?'?ivoire|ivoirien\w*|abidjan|yamoussoukro|rci",
    "GA": r"gabon\w*|libreville|port[- ]gentil",
    "GN": r"(?<!bissau-)(?<!equato-)guinee(?:n\w*)?(?![- ](?:bissau|equatoriale))(?: conakry)?|conakry",
    "GW": r"guinee[- ]bissau|bissau(?:[- ]guineen\w*)?",
    "GQ": r"guinee[- ]equatoriale|equato[- ]?guineen\w*|malabo",
    "ML": r"mali(?:en\w*)?|bamako",
    "NE": r"niger(?:ien\w*)?|niamey",
    "SN": r"senegal\w*|cocc|dakar|thies",
    "TD": r"tchad\w*|n'?djamena",
    "TG": r"togo\w*|lome",
}
_PATTERNS = {code: re.compile(rf"\b(?:{names})\b") for code, names in _NAMES.items()}
_ANY = re.compile("|".join(rf"\b(?:{names})\b" for names in _NAMES.values()))


@lru_cache(maxsize=2_048)
def countries_named(text: str) -> frozenset[str]:
    """Return the two-letter codes of the member states that a text names."""
    folded = fold(text)
    if not _ANY.search(folded):
        return frozenset()
    return frozenset(code for code, pattern in _PATTERNS.items() if pattern.search(folded))
