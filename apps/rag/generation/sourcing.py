"""Questions for texts rather than for what they say: which text deals with a matter, what the courts decided.

What Kauri does not hold it must not make up from its neighbours: an act that no passage comes from is said to be
missing, and where the texts only name it, that they name it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from apps.rag.analysis import terms
from apps.rag.types import Passage, Question, RankedPassage, SearchResult
from apps.rag.understanding.acts import acts_mentioned
from apps.rag.understanding.intent import CASE_LAW, DOCUMENT_SOURCING
from apps.rag.understanding.rewriting import plain
from kauri.lib.text import fold

_TEXTS = r"(?:actes? uniformes?|textes?|documents?|sources?|supports?|referentiels?|lois?|reglements?)"
_DEAL = (
    r"(?:trait|reg(?:it|iss)|regl|list|decri|expliqu|couvr|abord|detaill|parl|concern|organis|encadr|port(?:e|ent) sur"
    r"|prevoi|contien)"
)
# "quel acte uniforme traite de", "où trouver les documents qui décrivent", "dans quels supports est détaillée"
_ASKS_TEXTS = re.compile(
    rf"\b(?:quel(?:le)?s?|which|what) {_TEXTS}\b(?: \w+)?? (?:qui )?{_DEAL}"
    r"|\b(?:ou|comment) (?:puis-je |peut-on |on peut )?(?:trouver|consulter|lire|chercher|sont|est|se trouve\w*)\b"
    rf".{{0,20}}\b{_TEXTS}\b|\bdans quel(?:le)?s? {_TEXTS}\b"
    r"|\bwhere (?:can|do|are|is)\b.{0,20}\b(?:texts?|documents?|sources?)\b"
)
_ASKS_DECISIONS = re.compile(
    rf"\bjurisprudences?\b|\bcase[- ]law\b|\bquel(?:le)?s? (?:decisions?|arrets?|jugements?)\b.{{0,25}}{_DEAL}"
    r"|\b(?:arrets?|decisions? de justice|jugements?) (?:de la ccja|des tribunaux|des cours)? ?(?:sur|concernant)\b"
)

# What is said of another body is no answer to a question about one of these.
_INSTITUTIONS = frozenset(terms("OHADA CCJA SYSCOHADA SYCEBNL UEMOA CEMAC BCEAO BEAC ERSUMA OAPI"))

# What each act deals with, in folded words: "quel acte uniforme régit les procédures collectives ?" names none.
_MATTERS = tuple(
    (tuple(codes.split()), re.compile(rf"\b(?:{words})"))
    for codes, words in (
        ("AUSCOOP", r"cooperati(?:ves?|fs?)\b|scoops?\b"),
        (
            "AUPC",
            r"procedures? collectives?|redressement judiciaire|liquidation des biens|faillites?\b|apurement du passif",
        ),
        (
            "AUPSRVE",
            r"recouvrements?\b(?! fiscal| de l'impot)|voies d'execution|saisies?\b|injonction de (?:payer|faire)",
        ),
        ("AUCTMR", r"(?:contrats? de )?transports?\b"),
        ("AUM", r"mediat(?:ion|eur)"),
        ("AUS", r"suretes?\b|hypothe(?:que|caire)|nantissement|cautionnement|gages?\b|garanties?\b"),
        ("AUA RACCJA", r"arbitra(?:ge|les?|ux)\b|arbitres?\b"),
        (
            "AUDCG",
            r"fonds de commerce|bail (?:commercial|a usage professionnel)|commercants?\b|vente commerciale|rccm\b",
        ),
        ("AUDCIF", r"comptab|etats financiers"),
        ("AUSCGIE", r"(?:droit des )?societes? (?:commerciales?|anonymes?)|sarl\b|gie\b|gerants?\b"),
    )
)
# Acts whose matter has words of its own: who says none of them says nothing on it.
_OFTEN_ABSENT = frozenset({"AUSCOOP", "AUPC", "AUPSRVE", "AUCTMR", "AUM", "AUS"})


def asks_texts(question: Question, result: SearchResult) -> bool:
    """Tell whether it is asked which texts deal with a matter, or where they stand."""
    is_asked = _ASKS_TEXTS.search(fold(plain(question.text))) is not None
    return is_asked and result.understanding.intent == DOCUMENT_SOURCING


def asks_decisions(question: Question, result: SearchResult) -> bool:
    """Tell whether it is asked what courts decided."""
    # "sans décision de justice" speaks of courts and asks for none of their decisions
    is_asked = _ASKS_DECISIONS.search(fold(plain(question.text))) is not None
    return is_asked and result.understanding.intent == CASE_LAW


def acts_sought(question: Question, result: SearchResult) -> tuple[str, ...]:
    """Return the codes of the acts that a question names, or, where it asks for texts, of those on its matter."""
    text = plain(question.text)
    named = tuple(dict.fromkeys(mention.act.code for mention in acts_mentioned(text)))
    if named or not asks_texts(question, result):
        return named
    folded = fold(text)
    return next((codes for codes, matter in _MATTERS if matter.search(folded)), ())


def institutions_named(question: Question) -> frozenset[str]:
    """Return the index terms of the institutions and systems that a question is about."""
    return frozenset(terms(plain(question.text))) & _INSTITUTIONS


def names(passage: Passage, institutions: AbstractSet[str]) -> bool:
    """Tell whether a passage, or what stands above it, names one of the institutions."""
    return bool(institutions & set(terms(" ".join((passage.document_title, *passage.heading_path, passage.text)))))


def is_of(passage: Passage, codes: Sequence[str]) -> bool:
    """Tell whether a passage stands in one of the acts, or in a document whose title names one."""
    return passage.code in codes or any(mention.act.code in codes for mention in acts_mentioned(passage.document_title))


def is_missing(question: Question, result: SearchResult) -> bool:
    """Tell whether texts are asked for of which none was found: an act's own, or the decisions of courts."""
    passages = [ranked.passage for ranked in result.passages]
    if asks_decisions(question, result):
        return not any(passage.kind == "case_law" for passage in passages)
    if not asks_texts(question, result):
        return False
    codes = acts_sought(question, result)
    return bool(codes) and not any(is_of(passage, codes) for passage in passages)


def is_of_other_act(question: Question, passages: Sequence[Passage]) -> bool:
    """Tell whether a question is on the matter of an act that is not held: none of the passages is its, or says it."""
    folded = fold(plain(question.text))
    asked = [(codes, matter) for codes, matter in _MATTERS if codes[0] in _OFTEN_ABSENT and matter.search(folded)]
    return any(
        not any(is_of(passage, codes) or matter.search(fold(passage.text)) for passage in passages)
        for codes, matter in asked
    )


def citing(codes: Sequence[str], passages: Sequence[RankedPassage]) -> RankedPassage | None:
    """Return the first passage whose words name one of the acts."""
    return next(
        (
            ranked
            for ranked in passages
            if not is_of(ranked.passage, codes)
            and any(mention.act.code in codes for mention in acts_mentioned(ranked.passage.text))
        ),
        None,
    )
