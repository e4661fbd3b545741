"""One reference in five phrasings: careful, terse, misspelt, spoken, and inside a longer sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNITS_TABLE = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit"
    " dix-neuf"
)
_UNITS = _UNITS_TABLE.split()
PHRASINGS = ("careful", "terse", "misspelt", "spoken", "in a sentence")
_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}
_NAMES: dict[str, tuple[str, str, str]] = {
    # in full with its article, short, misspelt
    "AUSCGIE": (
        "de l'Acte uniforme relatif au droit des sociétés commerciales et du groupement d'intérêt économique",
        "AUSCGIE",
        "ausgie",
    ),
    "AUA": ("de l'Acte uniforme relatif au droit de l'arbitrage", "AUA", "acte uniform sur l'arbitrage"),
    "CGI": ("du Code général des impôts", "CGI", "code general des impot"),
}


def in_words(number: int) -> str:
    """Return a number below 10,000 in French words, hyphens below a hundred."""
    if number < len(_UNITS):
        return _UNITS[number]
    if number < 70:
        ten, unit = divmod(number, 10)
        return _TENS[ten] + ("" if not unit else " et un" if unit == 1 else f"-{_UNITS[unit]}")
    if number < 80:
        return "soixante et onze" if number == 71 else f"soixante-{in_words(number - 60)}"
    if number < 100:
        return "quatre-vingts" if number == 80 else f"quatre-vingt-{in_words(number - 80)}"
    size, name = (1_000, "mille") if number >= 1_000 else (100, "cent")
    count, rest = divmod(number, size)
    plural = "s" if name == "cent" and count > 1 and not rest else ""
    head = f"{name}{plural}" if count == 1 else f"{in_words(count)} {name}{plural}"
    return f"{head} {in_words(rest)}" if rest else head


def article_phrasings(code: str, number: str) -> Sequence[str]:
    """Return an article of an act in the five phrasings; what is no figure in its number is not put in words."""
    full, short, misspelt = _NAMES[code]
    said = re.sub(r"(?<=\d)(?=[a-z])|-?(?<![A-Z ])(?=[A-Z])", " ", number)
    said = re.sub(r"-(?=\d)", " tiret ", said)
    said = re.sub(r"\d+", lambda figures: in_words(int(figures[0])), said)
    of = f"du {short.lower()}" if code == "CGI" else f"de l'{short.lower()}"
    return (
        f"Que dispose l'article {number} {full} ?",
        f"art {number} {short}",
        f"artcile {number} {misspelt}",
        f"que dit l'article {said} {of}",
        f"Bonjour, mon associé me répond que tout est réglé par l'article {number} {full} : que prévoit-il ?",
    )


def account_phrasings(number: str) -> Sequence[str]:
    """Return an account of the revised chart in the five phrasings."""
    return (
        f"À quoi correspond le compte {number} du plan comptable ?",
        f"compte {number}",
        f"conpte {number} c koi",
        f"c'est quoi le compte {_said(number)}",
        f"Pour la clôture, mon expert-comptable me demande de justifier le solde du compte {number} : qu'y met-on ?",
    )


def _said(number: str) -> str:
    """Return an account as it is said: in one go up to four figures, then by the first four and each further one."""
    head, rest = number[:4], number[4:]
    return " ".join([in_words(int(head)), *(_UNITS[int(figure)] for figure in rest)])
