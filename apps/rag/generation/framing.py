"""Pieces of an answer that state nothing: headings, introductions of lists, connecting sentences."""

from __future__ import annotations

import re

from apps.rag.analysis import terms

_STRUCTURE = re.compile(r"[\s|:\-–—=*_#>]*\Z")
_MAX_WORDS = 28
_MIN_KNOWN = 0.5
# Openings of sentences that talk about the answer or the texts and not about the law.
_CONNECTIVE = re.compile(
    r"(?:\*\*)?(?:voici|en r[ée]sum[ée]|en bref|pour r[ée]sumer|les (?:textes|passages|extraits|sources)\b|le texte\b"
    r"|aucun des (?:textes|passages|extraits)|je n'ai pas|je ne trouve|je ne peux|v[ée]rifiez|[àa] v[ée]rifier"
    r"|lisez|consultez|reportez-vous|ouvrez|l'article continue|ces textes|ce texte"
    r"|la liste continue|here (?:is|are)|in short"
    r"|the (?:texts?|passages?|sources?)\b|this text|these texts|the list continues"
    r"|i have no|i cannot|check\b|read\b|open\b)",
    re.IGNORECASE,
)
_VOCABULARY = frozenset(
    terms(
        "voici règle règles calcul calculs textes texte passages passage extraits source sources résumé réponse"
        " question"
        " disent dit prévoient prévoit précisent précise permettent répondre points retenir conditions suivantes"
        " suivants"
        " principe exception écriture définition exemple vérifier vérifiez lisez consultez comparaison différence"
        " trouver trouve termes utiles conclusion contrôle applicable applicables entier lire ouvrez continue article"
        " here rule rules calculation texts answer summary following say read check open whole continues principle"
        " definition conditions steps liste list exemple exemples kauri livré livrés marqués valeur officielle sample"
        " samples comes official value"
    )
)


def is_structure(piece: str) -> bool:
    """Tell whether a piece is blank or only lines and rules of Markdown."""
    return _STRUCTURE.match(piece) is not None


def introduces(piece: str) -> bool:
    """Tell whether a framing piece is worth sending only with something after it."""
    body = piece.strip()
    return is_structure(piece) or body.startswith(("#", "|")) or body.rstrip("*").rstrip().endswith((":", "**"))


def has_form(piece: str) -> bool:
    """Tell whether a piece is short and looks like framing: a heading, an introduction, a connecting sentence."""
    body = piece.strip()
    if len(body.split()) > _MAX_WORDS:
        return False
    is_heading = body.startswith(("#", "|")) or (body.startswith("**") and body.rstrip(" :").endswith("**"))
    is_introduction = body.rstrip("*").rstrip().endswith(":")
    return is_heading or is_introduction or _CONNECTIVE.match(body.replace("’", "'")) is not None


def is_known(piece: str, known_stems: frozenset[str]) -> bool:
    """Tell whether at least half of a piece's content words come from the question, the passages or framing itself.

    So a stranger's sentence cannot pass as a heading.
    """
    words = terms(piece)
    known = sum(word in known_stems or word in _VOCABULARY for word in words)
    return known >= _MIN_KNOWN * len(words)
