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
    r"|lisez|consultez|reportez-vous|ouvrez|l'article continue|ces textes|ce texte|here (?:is|are)|in short"
    r"|the (?:texts?|passages?|sources?)\b|this text|i have no|i cannot|check\b|read\b|open\b)",
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
        " definition conditions steps"
    )
)


def is_structure(piece: str) -> bool:
    """Tell whether a piece is blank or only lines and rules of Markdown."""
    return _STRUCTURE.match(piece) is not None


def introduces(piece: str) -> bool:
    """Tell whether a framing piece is worth sending only with something after it."""
    body = piece.strip()
    return is_structure(piece) or body.startswith(("#", "|")) or body.rstrip("*").rstrip().endswith((":", "**"))


def is_framing(piece: str, known_stems: frozenset[str], *, is_same_language: bool) -> bool:
    """Tell whether an unmarked piece without quotations may stand: it frames and states nothing.

    It is short, has the form of a heading, an introduction or a known connecting sentence, and at least half of
    its content words come from the question, the passages or the vocabulary of framing: so a stranger's
    sentence cannot pass as a heading.
    """
    body = piece.strip()
    n_words = len(body.split())
    if n_words > _MAX_WORDS:
        return False
    bare = body.replace("’", "'")
    is_heading = body.startswith("#") or (body.startswith("**") and body.rstrip(" :").endswith("**"))
    is_header_row = body.startswith("|")
    has_form = (
        is_heading or is_header_row or body.rstrip("*").rstrip().endswith(":") or _CONNECTIVE.match(bare) is not None
    )
    return has_form and _known_share(body, known_stems, is_same_language=is_same_language) >= _MIN_KNOWN


def _known_share(body: str, known_stems: frozenset[str], *, is_same_language: bool) -> float:
    words = terms(body)
    if not words or not is_same_language:
        return 1.0
    return sum(word in known_stems or word in _VOCABULARY for word in words) / len(words)
