"""A question in the words that the engine reads: sigles in capitals, English in French, slips in the field's words
mended."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag.understanding.english import in_french
from apps.rag.understanding.forms import told_apart, with_sigles
from apps.rag.understanding.lexicon import lexicon
from kauri.lib.text import fold

# "le capitale minimun d'une sarl" asks for no city: what a company has is its capital
_OF_A_COMPANY = (
    r"(?:soci|minim|maxim|souscri|liber|libér|initial|de départ|de depart"
    r"|(?:d['’]une|de la|de ma|des|pour une|pour la|en)\s+"
    r"(?:sarl|sas?u?|snc|scs|gie|soci[eé]t[eé]|entreprise|bo[iî]te))"
)
_CAPITAL_MEANT = re.compile(rf"(?i)\bcapitale(?=\s+{_OF_A_COMPANY})|(?<=\ble )capitale\b|(?<=\b[ud][nu] )capitale\b")

# Every text is of that place: said beside the matter, it tells none from another. "l'OHADA" is the matter itself.
_PLACE = re.compile(
    r"(?i)[\s,]+(?:(?:dans|de|pour)\s+(?:l['’])?(?:espace|zone|droit)\s+(?:de\s+l['’])?|en\s+(?:droit\s+|zone\s+)?"
    r"|(?<!traité )(?<!traite )(?<!uniforme )(?<!uniformes )(?<!règlement )(?<!reglement )(?<!comptable ))ohada"
    r"(?=\s*[?!.,:;]|\s*\Z)"
)
_SPOKEN = re.compile(r"(?i)\bc (?:k?oi|quoi)\b")
_LONG_WORD = re.compile(r"[^\W\d_]{7,}")

_ASKS_ACCOUNT = re.compile(
    r"(?i)\bquels? comptes?\b(?! annuels?\b)|\bnuméros? (?:de |du )?comptes?\b|^comptes? (?:du|de la|des|d['’]|pour)\b"
    r"|\bcomptes? à (?:débiter|créditer)\b"
)
# The chart is that of every form of company.
_OF_A_FORM = re.compile(
    r" (?:d['’]une|d['’]un|de la|de l['’]|des|en|dans une|dans la|pour une|pour la) (?:SARL|SAS|SA|SNC|SCS|GIE)\b"
)


@lru_cache(maxsize=2_048)
def plain(text: str) -> str:
    """Return what a question says, readably: "quel est le capital de la sa" asks about "la SA"."""
    french = _CAPITAL_MEANT.sub("capital", _PLACE.sub("", in_french(text.strip())))
    said = told_apart(with_sigles(_LONG_WORD.sub(_mended, _SPOKEN.sub("c'est quoi", french))))
    return _OF_A_FORM.sub("", said) if _ASKS_ACCOUNT.search(said) else said


def _mended(found: re.Match[str]) -> str:
    return lexicon().corrections.get(fold(found[0])) or found[0]
