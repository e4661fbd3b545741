"""The texts of the field by their codes, and the names that people give them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kauri.lib.text import fold


@dataclass(frozen=True, slots=True)
class Act:
    """A text: the code that its articles carry, the name that readers see, and a pattern over folded text."""

    code: str
    name: str
    pattern: re.Pattern[str]


def _act(code: str, name: str, *patterns: str) -> Act:
    return Act(code, name, re.compile(r"\b(?:" + "|".join(patterns) + r")\b"))


_UNIFORM = (
    r"(?:l'?)?(?:acte|au)s?(?: uniforme)?(?: revise)?(?: (?:relatif|portant))?"
    r"(?: (?:sur|au|aux|a|du|de))?(?: (?:la|le|les|l'))?(?: ?droit)?(?: (?:des|de|du))? ?"
)

# Order matters: the first pattern that matches a stretch of text owns it.
ACTS: tuple[Act, ...] = (
    _act(
        "RACCJA",
        "Règlement d'arbitrage de la CCJA",
        r"raccja",
        r"reglement d ?'?arbitrage(?: de la)?(?: ccja)?",
        r"arbitrage (?:de la )?ccja",
    ),
    _act(
        "RPCCJA",
        "Règlement de procédure de la CCJA",
        r"rpccja",
        r"reglement de (?:la )?procedure(?: devant la)?(?: de la)?(?: ccja)?",
        r"procedure (?:devant la |de la )?ccja",
    ),
    _act("AUSCOOP", "AUSCOOP", r"auscoop", r"auscooperatives?", _UNIFORM + r"(?:societes )?cooperatives"),
    _act(
        "AUSCGIE",
        "AUSCGIE",
        r"ausc[ -]?gie",
        r"ausc",
        r"audsc[ -]?gie",
        r"audscgie",
        _UNIFORM + r"societes?(?: commerciales?)?(?: et (?:du|des|le) (?:gie|groupements?.{0,25}economique))?",
        r"droit des societes(?: commerciales)?",
    ),
    _act(
        "AUDCIF",
        "AUDCIF",
        r"audcif",
        _UNIFORM + r"comptable(?: et a l'information financiere)?",
        _UNIFORM + r"comptabilite(?: des entreprises)?",
    ),
    _act("AUDCG", "AUDCG", r"audcg", _UNIFORM + r"commercial general", r"droit commercial(?: general)?"),
    _act(
        "AUPSRVE",
        "AUPSRVE",
        r"aupsrve",
        r"aupsr[ /-]?ve",
        _UNIFORM + r"(?:procedures simplifiees|voies d'execution).{0,60}?(?:recouvrement|execution)?",
    ),
    _act("AUPC", "AUPC", r"aupc(?:ap)?", _UNIFORM + r"procedures collectives(?: d'apurement du passif)?"),
    _act(
        "AUCTMR", "AUCTMR", r"auctmr", _UNIFORM + r"(?:contrats? de )?transports?(?: de marchandises)?(?: par route)?"
    ),
    _act("AUM", "AUM", r"aum", _UNIFORM + r"mediation"),
    _act("AUA", "AUA", r"aua", _UNIFORM + r"(?:l')?arbitrage"),
    _act("AUS", "AUS", r"aus", _UNIFORM + r"suretes"),
    _act("TRAITE", "Traité OHADA", r"traite(?: de l'| de | )?(?:ohada|port[- ]louis)?"),
    _act("COCC", "COCC", r"cocc", r"code des obligations(?: civiles et commerciales)?"),
    _act("CT-SN", "Code du travail", r"code du travail"),
    _act("CGI", "CGI", r"cgi", r"code general des impots"),
)
_BY_CODE = {act.code: act for act in ACTS}


@dataclass(frozen=True, slots=True)
class Mention:
    """An act named in a folded text, with its place there."""

    act: Act
    start: int
    end: int


def act_name(code: str) -> str:
    """Return what readers call the text of a code."""
    return _BY_CODE[code].name if code in _BY_CODE else code


def acts_mentioned(text: str) -> tuple[Mention, ...]:
    """Return the acts that a text names, in order of place; overlapping mentions go to the act listed first."""
    folded = fold(text)
    found: list[Mention] = []
    for act in ACTS:
        for match in act.pattern.finditer(folded):
            if all(match.end() <= other.start or match.start() >= other.end for other in found):
                found.append(Mention(act, match.start(), match.end()))
    return tuple(sorted(found, key=lambda mention: mention.start))
