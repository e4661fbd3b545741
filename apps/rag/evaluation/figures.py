"""Compares figures and words of two texts as a reader would: “trois (3) ans” is “3 ans”, “25 %” is “25%”."""

from __future__ import annotations

import re

from apps.rag.understanding.numbers import NUMBER_WORDS, numbers_read
from kauri.lib.text import fold

_DASHES = re.compile(r"[‐-―−]")
_SPACES = re.compile(r"\s+")
_GROUP = re.compile(r"(?<=\d)[. ](?=\d{3}(?!\d))")
_PERCENT = re.compile(r"(?<=\d) %")
_IN_PERCENT = re.compile(r"\bpour[ -]?cents?\b")
_REPEATED = re.compile(r"\b(?P<number>\d+(?:,\d+)?)(?P<percent>%?) ?\((?P=number) ?(?P<inner>%?)\)")
_SCALED = re.compile(r"\b(?P<number>\d+)(?P<decimals>,\d+)? (?:de )?(?P<scale>milliard|million|mille)s?\b")
_ZEROS = {"milliard": 9, "million": 6, "mille": 3}
_LEADING_ZERO = re.compile(r"(?<![\d,.-])0(?=\d)")
_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
# “un” is a number only before what is counted; elsewhere it is an article
_ONE = re.compile(
    r"\bune?\b(?= (?:\(1\) )?(?:ans?|mois|jours?|annees?|heures?|millions?|milliards?|dixiemes?|tiers)\b)"
)
_ARTICLE_WORDS = re.compile(r"^(?:une?|zero)$")
_FIGURE = re.compile(r"(?<![\w,.-])\d+(?:,\d+)?%?(?![\w-])")
# Where a rule stands is no figure of the rule.
_PLACE = re.compile(
    r"\b(?:articles?|arts?\.?|alineas?|al\.?|comptes?|n°|no|numero|l\.? ?f\.?|loi de finances(?: pour)?|cgi|edition"
    r"|exercice|annexe|tome|livre|titre|chapitre|section)\s*(?:[lrd]\.? ?)?(?:\d[\w.-]*(?:,| et| a| ou|/)? ?)+"
)


def plain(text: str) -> str:
    """Return a text with one form for each figure: digits, no thousands' marks, decimal comma, `%` at its number."""
    plained = _SPACES.sub(" ", _DASHES.sub("-", fold(text))).strip()
    plained = _ONE.sub("1", _IN_PERCENT.sub("%", plained))
    plained = NUMBER_WORDS.sub(_in_digits, plained)
    plained = _LEADING_ZERO.sub("", _GROUP.sub("", plained))
    plained = _DECIMAL_POINT.sub(",", plained)
    plained = _PERCENT.sub("%", plained)
    plained = _SCALED.sub(_scaled, plained)
    plained = _REPEATED.sub(lambda match: match["number"] + (match["percent"] or match["inner"]), plained)
    return re.sub(r"\((\d+%?)\)", r"\1", plained)


def contains(text: str, expected: str) -> bool:
    """Tell whether a text holds an expected figure, word or phrase.

    A figure is a whole number, not part of a longer one; a word may go on: “nulle” is found in “nulles”.
    """
    within, wanted = plain(text), plain(expected)
    if not wanted:
        return True
    before = r"(?<![\d,])" if wanted[0].isdigit() else r"(?<!\w)"
    after = r"(?!\d|,\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, within) is not None


def figures(text: str) -> tuple[str, ...]:
    """Return the amounts, rates and periods of a text, each once; article and account numbers are none."""
    plained = _PLACE.sub(" ", plain(text))
    return tuple(dict.fromkeys(_FIGURE.findall(plained)))


def _in_digits(match: re.Match[str]) -> str:
    words = match[0]
    if _ARTICLE_WORDS.match(words):
        return words
    numbers = numbers_read(words)
    return " ".join(map(str, numbers)) if numbers else words


def _scaled(match: re.Match[str]) -> str:
    decimals = (match["decimals"] or ",").removeprefix(",")
    zeros = _ZEROS[match["scale"]] - len(decimals)
    return match[0] if zeros < 0 else (match["number"] + decimals).lstrip("0") + "0" * zeros
