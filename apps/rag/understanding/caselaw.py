"""Judgments as people cite them: `CCJA, arrêt n° 056/2023 du 15 mai 2023`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.rag.types import Reference
from apps.rag.understanding.folded import fold
from apps.rag.understanding.references import case_reference, normalise_case
from apps.rag.understanding.spelling import spelt

# The court of a judgment whose court nobody named: it is the one whose judgments the base holds.
CCJA = "CCJA"

_COURTS = (
    (re.compile(r"\bccja\b|\bcour commune de justice"), CCJA, "CCJA"),
    (re.compile(r"\bcour d'appel (?:de |du |d')?(?:la |l')?(?P<place>[a-z-]+(?:[- ]noire)?)"), "CA", "cour d'appel"),
    (re.compile(r"\bc\.?a\.? (?:de |du |d')(?P<place>[a-z-]+)"), "CA", "cour d'appel"),
    (re.compile(r"\btgi (?:de |du |d')?(?P<place>[a-z-]+)"), "TGI", "TGI"),
    (re.compile(r"\btribunal de commerce (?:de |du |d')?(?P<place>[a-z-]+)"), "TC", "tribunal de commerce"),
    (re.compile(r"\bcour (?:supreme|de cassation)(?: d[eu'] ?(?:la |l')?(?P<place>[a-z-]+))?"), "CS", "Cour suprême"),
)  # fmt: skip
_RULING = r"(?:arrets?|arr\.|decisions?|jugements?|ordonnances?|avis|sentences?)"
_CITED = re.compile(
    rf"\b(?:{_RULING}|ccja|ass\.? plen\w*|\d(?:ere?|e|eme|nde?) ch\w*\.?)\b[^\d;?!]{{0,24}}?"
    r"(?:\bn ?[°o]?s?\.? ?|\bnumero |\bnum |(?<=arret )|(?<=ccja ))"
    r"(?P<number>\d{1,4})(?! ?(?:mars|mai|juin|juillet|aout|janv|fevr|avril|sept|oct|nov|dec))"
    r"(?:(?: ?/ ?|-)(?P<year>(?:19|20)\d\d|\d\d)(?!\d|-\d))?"
    r"(?:[^\d;?!]{0,14}\bdu (?:\d{1,2}(?:er)? \w+|\d{1,2}[/.-]\d{1,2}[/.-]) ?(?P<dated>(?:19|20)\d\d))?"
)
_SPEAKS_OF_COURTS = re.compile(
    r"\bccja\b|\bcour\b|\barrets?\b|\bjugements?\b|\btribunal\b|\btgi\b|\bdecisions?\b|\bjurisprudence"
)


def cases_read(text: str) -> tuple[Reference, ...]:
    """Return the judgments that a text cites by number, each once.

    A number without a year is one only where the word arrêt or décision introduces it.
    """
    folded = fold(spelt(text))
    if not _SPEAKS_OF_COURTS.search(folded):
        return ()
    court, name = _court(folded)
    found: dict[str, Reference] = {}
    for match in _CITED.finditer(folded):
        number = normalise_case(match["number"] + (f"/{match['year']}" if match["year"] else ""), match["dated"] or "")
        key = case_reference(court, number)
        found[key] = Reference(key, "case", court, number, f"{name}, arrêt n° {number}")
    return tuple(found.values())


def case_keys(titles: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the judgments that a document of case law is, read from its titles."""
    return tuple(dict.fromkeys(reference.key for title in titles for reference in cases_read(title)))


def _court(folded: str) -> tuple[str, str]:
    for pattern, code, name in _COURTS:
        match = pattern.search(folded)
        if match is not None:
            place = match.groupdict().get("place")
            return (f"{code}-{place.upper()}", f"{name} ({place.title()})") if place else (code, name)
    return CCJA, "CCJA"
