"""What a question asks for (a time, a rate, a sum, a number, a person, a list), and how a text looks that says it."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag import analysis
from apps.rag.understanding.lexicon import meanings

_NUMBER = (
    r"(?:\d[\d .,]*|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|quinze|vingt|trente|soixante|cent|mille|un)\)?"
)
# Both patterns read normalised text.
_KINDS = (
    (
        re.compile(
            r"\b(?:delais?|duree|temps|combien de (?:jours|mois|temps|annees)|limite en annees|quand|prescri\w+"
            r"|preavis)\b"
        ),
        re.compile(rf"\b{_NUMBER} (?:\(\d+\) )?(?:jours?|mois|ans?|annees?|semaines?|heures?|exercices?)\b"),
    ),
    (
        re.compile(r"\b(?:taux|pourcentage|proportion|quotite|quelle (?:part|fraction)|majorite|quorum)\b"),
        re.compile(r"%|\bpour cent\b|\b(?:tiers|quarts?|moitie|dixiemes?|cinquiemes?|majorite|unanimite)\b"),
    ),
    # other sums of a company are no capital
    (
        re.compile(r"\b(?:capital (?:social )?minim\w+|minim\w+ (?:du |de )?capital|quel est le capital)\b"),
        re.compile(
            r"\bcapital\b(?:[^.;]|\.(?=\d)){0,200}?"
            r"(?:\bfrancs?\b|\bf(?:cfa)?\b|\bfixe\w* (?:librement )?par les statuts)"
        ),
    ),
    (
        re.compile(
            r"\b(?:capital (?:social )?minim\w+|minim\w+ (?:de )?capital|quel est le capital|montants?|valeur|seuils?"
            r"|somme|prix|cout|combien)\b"
        ),
        re.compile(rf"\b{_NUMBER} (?:millions? |milliards? |\(\d+\) )?(?:\([\d.]+\) )?(?:de )?(?:f|fcfa|francs?)\b"),
    ),
    (
        re.compile(
            r"\b(?:liste|causes|mentions|formalites|conditions|pouvoirs|organes|institutions|contien\w+|contenir"
            r"|comprend|comprennent|compose\w*|quels sont|quelles sont|enumer\w+|incompatib\w+)\b"
        ),
        re.compile(r":\s+(?:1°?\)|1°|a\)|[-–•▪➢])"),
    ),
)
_ASKS_NUMBER = re.compile(
    r"(?:\bcombien|^(?:quel est )?(?:le )?nombre(?: (?:minim|maxim)\w+| legal| total)?) (?:de |d')(\w{4,})"
)
_UNITS_OF_TIME = frozenset(["temps", "jours", "mois", "semaines", "annees", "exercices"])
_SUMS = frozenset(["droits", "taxe", "taxes", "impot", "impots", "frais", "argent", "capital"])
_ASKS_AGENT = re.compile(
    r"\b(?:par )?qui (?:peut |doit |est[- ]ce qui |a le droit de )?(?!est\b|sont\b|peut\b|doit\b)(\w{4,})"
)
_AGENTS = (
    "gerants?|associes?|actionnaires?|president|conseil d'administration|administrateur(?: general|s)?|assemblee"
    "|directeurs?|commissaires?|liquidateurs?|juridiction|tribunal|parties|cour|conseil des ministres|secretaire"
)


@lru_cache(maxsize=2_048)
def answer_kind(text: str) -> re.Pattern[str] | None:
    """Return a pattern over folded text that tells whether it says what a question asks for; None for any."""
    normal = analysis.normalise(text)
    said = _said_number(normal) or _said_agent(normal)
    return said or next((says for asked, says in _KINDS if asked.search(normal)), None)


def _said_number(normal: str) -> re.Pattern[str] | None:
    """Return how a passage counts the things that "combien de …" or "nombre de …" asks for."""
    asked = _ASKS_NUMBER.search(normal)
    if asked is None or asked[1] in _UNITS_OF_TIME or asked[1] in _SUMS:
        return None
    return re.compile(
        rf"\b{_NUMBER} (?:\(\d+\) )?(?:\w+ ){{0,1}}(?:{re.escape(analysis.stem(asked[1]))}|membres|personnes)"
    )


def _said_agent(normal: str) -> re.Pattern[str] | None:
    """Return how a passage says who does what "qui …" asks for: "convoqués par", "le gérant convoque"."""
    asked = _ASKS_AGENT.search(normal)
    if asked is None:
        return None
    forms = "|".join(re.escape(analysis.stem(word)) for word in _synonyms(asked[1]))
    return re.compile(
        rf"\b(?:{forms})\w*(?: (?!par )[\w']+){{0,5}} par (?:le|la|les|l'|un|une|decision)\b"
        rf"|\b(?:{_AGENTS})\b(?: [\w']+){{0,3}} (?:{forms})\w*"
    )


def _synonyms(verb: str) -> list[str]:
    meant = [form for meaning in meanings(verb) for terms in meaning.terms for form in terms if len(terms) == 1]
    return list(dict.fromkeys([verb, *meant]))
