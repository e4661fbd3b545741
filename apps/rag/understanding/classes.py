"""The classes of the SYSCOHADA by what they hold: which one a question asks for, or wants an account of."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
_STOCK_OF = re.compile(r"^stocks? (?:de |d')(?!.*\bvariation)")
_PATTERNS = tuple((digit, re.compile(rf"\b(?:{held})\b")) for digit, held in _HELD)


# Accounts that only stand against others, tell how they move, or hold what is not there yet or not ordinary: meant
# where a question says so.
_ASIDE = (
    (
        r"2[89]|39|49|59|6[89]|79|8[56]",
        r"amort|depreci|provision|dotation|reprise|perte de valeur|perte probable|risque|usure|vieilli|perime|obsolet",
    ),
    (r"603|73", r"variat|stockee|stocks? (?:initial|final)"),
    (
        r"2[1-4]9|38",
        r"en cours|en route|en chemin|transit|chantier|construction|inachev|consign|en depot|pas (?:encore )",
    ),
    (r"83|84", r"h\.?a\.?o\b|hors activit|exceptionnel|inhabituel|non courant|sinistre|catastrophe|abandon"),
    (r"9", r"engagement|hors bilan|analyti|caution|aval\b|garanti"),
)
_ASIDES = tuple((re.compile(numbers), re.compile(rf"\b(?:{words})")) for numbers, words in _ASIDE)
_REST = re.compile(r"^(?:autres?|divers(?:es)?)\b|\bdivers(?:es)?$")
_ASKS_REST = re.compile(r"\b(?:autres?|divers(?:es)?)\b")


def stands_aside(number: str, folded: str, meant: Iterable[str] = ()) -> bool:
    """Tell whether an account is seldom meant, and a folded question for an account does not ask for such a one,
    neither in its words nor in the terms that they mean.

    It stands against others (28, 39), tells how they move (603), or holds what is not there yet (249) or what is out of
    the ordinary (83).
    """
    words = " ".join((folded, *meant))
    return any(numbers.match(number) and not asked.search(words) for numbers, asked in _ASIDES)


def is_rest(label: str, folded: str) -> bool:
    """Tell whether a folded label names what has no account of its own ("autres frais"), and the question does not."""
    return _REST.search(label) is not None and _ASKS_REST.search(folded) is None


def class_meant(folded: str) -> str:
    """Return the digit of the class that holds what a folded question asks the class of, or ""."""
    if not _WHICH.search(folded):
        return ""
    return next((digit for digit, held in _PATTERNS if held.search(folded)), "")


def class_of_kind(folded: str) -> str:
    """Return the digit of the class that a folded question wants an account of ("compte de charge"), or ""."""
    found = _KIND.search(folded)
    if found and found.lastgroup:
        return found.lastgroup[1:]
    return "3" if _STOCK_OF.search(folded) else ""
