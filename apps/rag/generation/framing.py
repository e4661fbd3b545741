"""Pieces of an answer that state nothing: headings, introductions of lists, connecting sentences."""

from __future__ import annotations

import re

from apps.rag.analysis import terms
from apps.rag.generation.translated import translated

_STRUCTURE = re.compile(r"[\s|:\-–—=*_#>]*\Z")
_MAX_WORDS = 28
_MIN_KNOWN = 0.5
# Sentences without a marker that state nothing of the law. What texts do not say, or are not:
_OF_TEXTS = re.compile(
    r"(?:\*\*)?(?:les (?:textes|passages|extraits|sources)\b|le texte\b|aucun des (?:textes|passages|extraits|sources)"
    r"|je n'ai pas|je ne trouve|je ne peux|l'article continue|ces textes|ce texte|la liste continue"
    r"|the (?:texts?|passages?|sources?)\b|this text|these texts|the (?:list|article) continues|none of the|i have no"
    r"|i cannot)",
    re.IGNORECASE,
)
_SAYS_NOT = re.compile(
    r"\b(?:ne|pas|aucun\w*|rien|continue\w*|exemples?|livr[ée]s?|no|not|none|nothing|samples?)\b|\bn'", re.IGNORECASE
)
# Where the reader should look.
_ADVICE = re.compile(
    r"(?:\*\*)?(?:v[ée]rifiez|[àa] v[ée]rifier|lisez|consultez|reportez-vous|ouvrez|check\b|read\b|open\b)",
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
        " samples comes official value include nearby refers accounts former"
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
    """Tell whether a piece is short and looks like framing: a heading, an introduction, a word on the texts."""
    body = piece.strip()
    if len(body.split()) > _MAX_WORDS:
        return False
    is_heading = body.startswith(("#", "|")) or (body.startswith("**") and body.rstrip(" :").endswith("**"))
    is_introduction = body.rstrip("*").rstrip().endswith(":")
    plain = body.replace("’", "'")
    says_what_texts_do_not = _OF_TEXTS.match(plain) is not None and _SAYS_NOT.search(plain) is not None
    return is_heading or is_introduction or says_what_texts_do_not or _ADVICE.match(plain) is not None


def is_known(piece: str, known_stems: frozenset[str], *, is_in_french: bool) -> bool:
    """Tell whether at least half of a piece's content words come from the question, the passages or framing itself.

    So a stranger's sentence cannot pass as a heading. `is_in_french` tells that the answer is to be in French.
    """
    english = None if is_in_french else translated(piece)
    if english is not None:
        return english.said(known_stems | _VOCABULARY) >= _MIN_KNOWN * (len(english.known) + len(english.others))
    words = terms(piece)
    known = sum(word in known_stems or word in _VOCABULARY for word in words)
    return known >= _MIN_KNOWN * len(words)
