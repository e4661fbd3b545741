"""The classes of the SYSCOHADA by what they hold: which one a question asks for, or wants an account of."""

from __future__ import annotations

import re

_WHICH = re.compile(
    r"\b(?:quelles?|numero de|numero de la|c'est quoi la|which) classes?\b|^classes? (?:de|du|des|d'|pour|comptable)\b"
)
# In this order: "achats de marchandises" are no stocks, "produits finis" no income. Framework of the revised SYSCOHADA.
_HELD = (
    ("9", r"engagements?|hors bilan|analytique\w*"),
    ("8", r"h\.?a\.?o\b|hors activites? ordinaires?|exceptionnel\w*|autres charges et (?:autres )?produits"),
    ("6", r"achats?|charges?|frais|depenses?|dotations?|consommations?"),
    ("3", r"stocks?|marchandises?|matieres? premieres?|produits finis|en-?cours|approvisionnements?|emballages?"),
    ("7", r"produits?|ventes?|chiffre d'affaires|recettes?|prestations?"),
    ("5", r"tresorerie|banques?|caisse|titres de placement|cheques?|especes|monnaie electronique"),
    ("2", (r"immobilis\w+|terrains?|batiments?|materiels?|mobiliers?|vehicules?|voitures?|brevets?|logiciels?"
          r"|amortissements?|titres de participation|investissements?")),
    ("1", (r"ressources? durables?|capita\w+|emprunts?|reserves?|report a nouveau|fonds propres|resultat|provisions?"
          r"|subventions? d'investissement")),
    ("4", r"tiers|fournisseurs?|clients?|personnel|etat|associes?|creances?|dettes?|organismes? socia\w+|tva"),
    ("6", r"salaires?|loyers?|impots?|taxes?|assurances?|electricite"),
)  # fmt: skip
_KIND = re.compile(
    r"\bcomptes? (?:de |d')(?:(?P<c6>charges?(?! (?:constat|a |sociale|patronale|locative))|depenses?)"
    r"|(?P<c7>produits?(?! (?:constat|a |fini|intermediaire|residuel|en ))|recettes?)|(?P<c5>tresorerie)"
    r"|(?P<c2>immobilisations?)|(?P<c3>stocks?)|(?P<c4>tiers)|(?P<c1>capitaux(?: propres)?|ressources durables))\b"
)
_PATTERNS = tuple((digit, re.compile(rf"\b(?:{held})\b")) for digit, held in _HELD)


def class_meant(folded: str) -> str:
    """Return the digit of the class that holds what a folded question asks the class of, or ""."""
    if not _WHICH.search(folded):
        return ""
    return next((digit for digit, held in _PATTERNS if held.search(folded)), "")


def class_of_kind(folded: str) -> str:
    """Return the digit of the class that a folded question wants an account of ("compte de charge"), or ""."""
    found = _KIND.search(folded)
    return found.lastgroup[1:] if found and found.lastgroup else ""
