"""Whether a question may be for an account of a chart, and for one of which no chart of OHADA tells."""

from __future__ import annotations

import re

from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.forms import named_forms

_ASKS = re.compile(
    r"\b(?:quel(?:le)?s?|qui|que|qu'|quoi|comment|combien|quand|ou|pourquoi|lesquel(?:le)?s|what|who|how|when|which)\b"
    r"|\best-ce\b|-(?:t-)?(?:il|elle|on|ils|elles)\b"
)
_ASKS_ACCOUNT = re.compile(
    r"\b(?:quels?|numeros? d[eu]|le|un) comptes?\b|\bcomptes? ?\?|^comptes?\b|\bnumero ?(?:\?|$)|\blibelle"
    r"|\b(?:imput|comptabilis)\w+|\b(?:debit|credit)er\b|\b(?:on|je|faut-il) (?:le |la |les |l')?pass\w+|\bpasser\b"
    r"|\b(?:ou|(?:dans|en) quoi)\b[^,;:.?!]{0,24}?\b(?:enregistr\w+|inscri\w+|met(?:s|tre|tons)?|va|vont|range\w*)\b"
    r"|\b(?:enregistr\w+|inscri\w+|met(?:s|tre|tons)?|va|vont|range\w*) (?:ca |le |la |les )?(?:ou|dans quoi)\b"
)
# What a text says and no label does.
_ASKS_ELSE = re.compile(
    r"\b(?:qui (?:doit|doivent|peut|peuvent|paie|paye|declare|est|sont)|comment|combien|quand|pourquoi)\b"
    r"|\best-ce que\b"
)
# Of an account at a bank, or on a site, nobody keeps books.
_HELD = re.compile(
    r"\b(?:ouvrir|ouverture d|fermer|cloturer|creer|supprimer|pirat\w+) (?:un |mon |son |le |notre |d'un )*comptes?\b"
    r"|\bnumeros? (?:de |du )?comptes? bancaires?\b|\b(?:iban|rib)\b"
)
# What is bought, sought or earned somewhere: none of it is booked.
_OF_TRADE = re.compile(
    r"\b(?:prix|tarifs?|devis) (?:de|du|des|d')|\b(?:pas|moins) cher\w*\b|\bmeilleure?s?\b|\ba (?:louer|vendre)\b"
    r"|\b(?:numeros? de telephone|telephone|adresse|horaires?|coordonnees|contacts?) (?:de|du|des|d')"
)
_PLACE = re.compile(
    r"\ba (?:abidjan|bamako|bangui|bissau|brazzaville|conakry|cotonou|dakar|douala|kinshasa|libreville|lome|lubumbashi"
    r"|malabo|moroni|n'?djamena|niamey|ouagadougou|paris|pointe[- ]noire|porto[- ]novo|yaounde)\b"
)
_OTHER_CHART = re.compile(
    r"\b(?:cima|ifrs|ias|us gaap|pcg|pceb|pcec)\b|\bplans? comptables? (?:general )?(?:bancaires?|francais|marocain"
    r"|tunisien|algerien|belge|des (?:banques|assurances|etablissements de credit))\b"
)
_CHARTS_OF_OHADA = re.compile(r"\b(?:ohada|syscohada|syscoa|sycebnl)\b")
_OF_AN_ACCOUNT = re.compile(r"\bcomptes?\b|\bplans? comptables?\b")


def is_account_meant(folded: str) -> bool:
    """Tell whether a folded question asks for an account, or is no sentence but what one is called."""
    if _HELD.search(folded):
        return False
    if _ASKS_ACCOUNT.search(folded):
        return True
    is_label = not (_ASKS.search(folded) or _OF_TRADE.search(folded) or _PLACE.search(folded))
    return is_label and not (countries_named(folded) or named_forms(folded))


def asks_else(folded: str) -> bool:
    """Tell whether a folded question asks for something else than an account: who has to pay, how, when, or of a form
    of company."""
    is_else = _ASKS_ELSE.search(folded) is not None or bool(named_forms(folded))
    return is_else and not is_account_meant(folded)


def is_of_another_chart(folded: str) -> bool:
    """Tell whether a folded question asks for an account of a chart that is none of OHADA's, and does not compare it
    with one."""
    is_account = _OF_AN_ACCOUNT.search(folded) is not None and is_account_meant(folded)
    return is_account and bool(_OTHER_CHART.search(folded)) and not _CHARTS_OF_OHADA.search(folded)
