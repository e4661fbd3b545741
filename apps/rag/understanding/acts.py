"""The texts of the field by their codes, and the names that people give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from apps.rag.understanding.folded import fold
from apps.rag.understanding.spelling import distance, spelt


@dataclass(frozen=True, slots=True)
class Act:
    """A text: the code that its articles carry, the name that readers see, and a pattern over folded text."""

    code: str
    name: str
    pattern: re.Pattern[str]


def _act(code: str, name: str, *patterns: str) -> Act:
    return Act(code, name, re.compile(r"\b(?:" + "|".join(patterns) + r")\b"))


# "acte uniforme relatif au droit des", "l'acte sur les", "AU sur le", "actes uniformes portant organisation des"
_UNIFORM = (
    r"(?:(?:l')?(?:acc?te?s?(?= (?:sur|relatif|portant|aux?|des|du|uniforme|ohada))(?: uniformes?)?|uniformes?)"
    r"|au(?= droit| sur))(?: ohada)?(?: revise)?(?: (?:relatif|portant|sur|concernant))*"
    r"(?: (?:au|aux|a|du|des?|la|le|les|sur))*(?: ?l')?(?: ?(?:droit|organisation|contrats?))?(?: (?:des?|du))?"
    r"(?: ?(?:la|les|l'))? ?"
)

# Order matters: the first pattern that matches a stretch of text owns it.
ACTS: tuple[Act, ...] = (
    _act(
        "RACCJA",
        "Règlement d'arbitrage de la CCJA",
        r"raccja",
        r"reglement d ?'?arbitrage(?: (?:de la|devant la|ohada))?(?: ccja| cour commune)?",
        r"arbitrage (?:de la )?ccja",
    ),
    _act(
        "RPCCJA",
        "Règlement de procédure de la CCJA",
        r"rpccja",
        r"reglement (?:de |sur )?(?:la )?procedures?(?: devant la)?(?: de la)?(?: ccja)?",
        r"reglement (?:de )?(?:la )?ccja",
        r"procedure (?:devant la |de la )?ccja",
    ),
    _act("AUSCOOP", "AUSCOOP", r"auscoop", r"aus?cooperatives?", r"audscoop", _UNIFORM + r"(?:societes )?cooperatives"),
    _act(
        "AUSCGIE",
        "AUSCGIE",
        r"aus?d?s?c[ -]?gie",
        r"audsc[ -]?gie",
        r"audsc",
        r"ausc",
        _UNIFORM
        + r"(?:societes?(?: commerciales?)?|gie)(?: et (?:du|des|le|au)? ?(?:gie|groupements?.{0,25}economique))?",
        r"droit des societes(?: commerciales)?(?: ohada)?",
    ),
    _act(
        "AUDCIF",
        "AUDCIF",
        r"audcif",
        r"audc[ -]if",
        _UNIFORM + r"comptables?(?: et (?:a |de )?l'information financiere)?",
        _UNIFORM + r"(?:comptabilites?)(?: des entreprises)?",
        r"droit comptable(?: et (?:a |de )?l'information financiere)?(?: ohada)?",
    ),
    _act(
        "AUDCG",
        "AUDCG",
        r"audcg",
        r"audc",
        _UNIFORM + r"commercial(?: general)?",
        r"droit commercial general(?: ohada)?",
    ),
    _act(
        "AUPSRVE",
        "AUPSRVE",
        r"aupsrve",
        r"aupsr[ /-]?ve",
        _UNIFORM + r"(?:procedures simplifiees|voies d'execution|recouvrement)(?: (?:de )?recouvrement)?"
        r"(?: (?:de |des )?creances)?(?: et (?:des |les )?voies d'execution)?",
    ),
    _act("AUPC", "AUPC", r"aupc(?:ap)?", _UNIFORM + r"procedures collectives(?: d'apurement du passif)?"),
    _act(
        "AUCTMR",
        "AUCTMR",
        r"auctmr",
        r"auct",
        _UNIFORM + r"(?:contrats? de )?transports?(?: de marchandises)?(?: par route)?",
    ),
    _act("AUM", "AUM", r"aum", _UNIFORM + r"mediation"),
    _act("AUA", "AUA", r"aua", _UNIFORM + r"(?:l')?arbitrage", r"loi (?:sur l'|d')arbitrage"),
    _act("AUS", "AUS", r"aus", _UNIFORM + r"suretes", r"droit des suretes"),
    # a noun, for "quel acte traite du droit" names no treaty
    _act(
        "TRAITE",
        "Traité OHADA",
        r"traites? (?:de |de l'|d')?ohada",
        r"traite (?:de )?port[- ]louis",
        r"traite (?:revise|relatif|de quebec)",
        r"traite(?=,? ?art(?:icles?|\.))",
        r"(?<=\bdu )traite",
        r"(?<=\ble )traite(?! (?:de|du|des|la|les|d'))",
        r"(?<=\bau )traite",
    ),
    _act("COCC", "COCC", r"cocc", r"code des obligations(?: civiles et commerciales)?"),
    _act("CT-SN", "Code du travail", r"code du travail"),
    _act(
        "CGI",
        "CGI",
        r"cgi",
        r"c\.g\.i\b\.?",
        r"code (?:general )?(?:des |d')?impots?(?: (?:et taxes|congolais|du congo(?: brazzaville)?))?",
        r"code fiscal",
    ),
    # laws outside the base: named, so that no other text's article of that number is given for theirs
    _act("CODE-CIVIL", "Code civil", r"code civil"),
    _act("CODE-PENAL", "Code pénal", r"code penal"),
    _act("CODE-COMMERCE", "Code de commerce", r"code de commerce"),
    _act("CPC", "Code de procédure civile", r"code de (?:la )?procedure (?:civile|penale|commerciale)"),
    _act("CODE-FAMILLE", "Code de la famille", r"code (?:de la famille|des personnes)"),
    _act("CODE-ROUTE", "Code de la route", r"code de la route"),
    _act("CODE-DOUANES", "Code des douanes", r"code des douanes"),
    _act("CODE-CIMA", "Code CIMA", r"code (?:cima|des assurances)"),
    _act("CODE-MARCHES", "Code des marchés publics", r"code des marches(?: publics)?"),
    _act(
        "CONSTITUTION",
        "Constitution",
        r"constitution (?:congolaise|senegalaise|ivoirienne"
        r"|du (?:congo|senegal|cameroun|gabon|benin|togo|mali|niger|tchad))",
    ),
)
# Of all member states alike; what else is listed is a state's own, or may be.
COMMON_ACTS = frozenset(act.code for act in ACTS if act.code.startswith("AU")) | {"RACCJA", "RPCCJA", "TRAITE"}
_BY_CODE = {act.code: act for act in ACTS}
_SIGLES = {
    "auscgie": "AUSCGIE", "audscgie": "AUSCGIE", "audcif": "AUDCIF", "aupsrve": "AUPSRVE", "auscoop": "AUSCOOP",
    "auctmr": "AUCTMR", "aupcap": "AUPC",
}  # fmt: skip
_SIGLE_LIKE = re.compile(r"\bau[a-z]{3,8}\b")
_NO_SIGLE_TABLE = "aucun aucune audit audits auquel aussi autant auteur auteurs autre autres aupres autour"
_NO_SIGLE = frozenset(_NO_SIGLE_TABLE.split())
_MAX_SLIPS = 2


@dataclass(frozen=True, slots=True)
class Mention:
    """An act named in a folded text, with its place there."""

    act: Act
    start: int
    end: int


def act_name(code: str) -> str:
    """Return what readers call the text of a code."""
    return _BY_CODE[code].name if code in _BY_CODE else code


@lru_cache(maxsize=4_096)
def acts_mentioned(text: str) -> tuple[Mention, ...]:
    """Return the acts that a text names, in order of place; overlapping mentions go to the act listed first.

    Places are those of `fold(spelt(text))`, where misspelt titles are mended.
    """
    folded = fold(spelt(text))
    found: list[Mention] = []
    for act in ACTS:
        for match in act.pattern.finditer(folded):
            if all(match.end() <= other.start or match.start() >= other.end for other in found):
                found.append(Mention(act, match.start(), match.end()))
    for match in _SIGLE_LIKE.finditer(folded):
        act_meant = _sigle_meant(match[0])
        if act_meant and all(match.end() <= other.start or match.start() >= other.end for other in found):
            found.append(Mention(act_meant, match.start(), match.end()))
    return tuple(sorted(found, key=lambda mention: mention.start))


@lru_cache(maxsize=4_096)
def _sigle_meant(token: str) -> Act | None:
    """Return the act whose sigle a token is, but for one slip, or two in long ones: `ausgie`, `audicf`."""
    if token in _NO_SIGLE:
        return None
    slips = {sigle: distance(token, sigle) for sigle in _SIGLES}
    best = min(slips, key=lambda sigle: (slips[sigle], sigle))
    return _BY_CODE[_SIGLES[best]] if slips[best] <= (_MAX_SLIPS if len(token) >= 7 else 1) else None
