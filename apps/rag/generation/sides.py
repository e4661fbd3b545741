"""What stance a text takes on what may be done: it obliges, leaves free, forbids or allows. French and English."""

from __future__ import annotations

import re

MUST, FREE, BARRED, MAY = "must", "free", "barred", "may"
# "ne peut excéder" bounds a number, and forbids nothing: see `bounds`.
_BOUND = re.compile(
    r"\b(?:ne|n'|sans) ?(?:\w+ ){0,3}?(?:etre |pouvoir )?(?:inferieure?s?|superieure?s?|exced\w+|depass\w+)\b"
    r"|\b(?:not|without) (?:\w+ )?(?:exceed\w*|less|more)\b|\bno (?:less|more) than\b"
)
# "ne peut être révoqué que pour juste motif" allows and forbids.
_BOTH = re.compile(
    r"\b(?:ne|n') ?(?:\w+ ){0,2}?(?:peu[tx]\w*|pourr\w+|doi\w+|devr\w+|est|sont)\b[^.;:]{0,160}?\b(?:qu(?:e\b|')|sans\b"
    r"|sauf\b|avant\b|hors\b)"
)
_OBLIGED = r"(?:obligat\w+|tenue?s?|obligee?s?|astreint\w*|necess\w+|requis\w*|exige\w*|besoin|impose\w*)"
_OBLIGED_EN = r"(?:mandatory|required|compulsory|obliged|bound|necessary|obligatory)"
# In this order: what one pattern has read, the next does not.
_SIDES = (
    (MUST, r"\b(?:pas|plus|cess\w+ d'etre) (?:\w+ )?(?:facultati\w+|optional|dispens\w+|libres?\b|exempt\w*)"),
    (
        FREE,
        (
            r"\bfacultati\w+|\bdispens(?:ee?s?|ent)\b|\bexempte?e?s?\b|\blibre(?:s|ment)?\b"
            rf"|\b(?:pas|plus|point|aucunement|nullement|jamais|cess\w+ d'etre) (?:\w+ )?{_OBLIGED}"
            r"|\b(?:ne|n') ?(?:doi\w+ pas n\w+|faut pas n\w+)"
            r"|\b(?:aucune|sans|pas d'|nulle) ?(?:\w+ )?obligation|\bpas (?:a|besoin de) \w+(?:er|ir|re)\b"
            rf"|\boptional\w*|\b(?:not|no longer) (?:\w+ )?{_OBLIGED_EN}|\bneeds? not\b"
            r"|\b(?:no|without) (?:obligation|requirement|need)|\bfree(?:ly)?\b|\bexempt\w*"
        ),
    ),
    (
        BARRED,
        (
            r"\binterdi\w+|\bprohib\w+|\bdefendue?s?\b|\bincompatib\w+|\bsans pouvoir\b"
            r"|\b(?:ne|n') ?(?:\w+ ){0,2}?(?:peu(?:t|vent|x)|pourr\w+|doi(?:t|vent)|devr\w+|saur\w+)\b"
            r"|\b(?:pas|plus|point|aucunement|jamais) (?:\w+ )?(?:permis\w*|autoris\w+|possible|licite|compatib\w+)"
            r"|\b(?:may|must|can|shall|could)(?: ?not\b|n't\b)|\bforbidden|\bprohibit\w*"
            r"|\bnot (?:allowed|permitted|authori[sz]ed|possible)"
        ),
    ),
    (
        MUST,
        (
            r"\bobligatoire\w*|\bobligat\w+ment|\bdoi(?:t|vent)\b|\bdevr(?:a|ont)\b|\btenue?s? (?:de|d'|a)\b"
            r"|\bobligee?s?\b|\bastreint\w*|\bil faut\b|\bexige\w*|\brequis\w*|\bimperati\w+"
            r"|\b(?:must|shall|needs? to)\b"
            r"|\bmandatory\b|\bcompulsory\b|\brequire[ds]?\b|\bobliged\b|\bobligatory\b"
        ),
    ),
    (
        MAY,
        (
            r"\bpeu(?:t|vent)\b|\bpourr(?:a|ont)\b|\bautoris\w+|\bpermi\w+|\bpossible|\blicite|\bcompatib\w+|\bmay\b"
            r"|\bcan\b|\ballowed\b|\bpermitted\b|\bauthori[sz]ed\b"
        ),
    ),
)
_PATTERNS = tuple((side, re.compile(pattern)) for side, pattern in _SIDES)


def without_bounds(folded: str) -> str:
    """Return a folded text without the denials that only bound a number: "ne peut être inférieur à"."""
    return _BOUND.sub(" ", folded)


def sides(folded: str) -> frozenset[str]:
    """Return the stances that a folded text takes; all of them where it forbids but for a case."""
    text = without_bounds(folded)
    if _BOTH.search(text):
        return frozenset({MUST, FREE, BARRED, MAY})
    found: set[str] = set()
    for side, pattern in _PATTERNS:
        if pattern.search(text):
            found.add(side)
            text = pattern.sub(" ", text)
    return frozenset(found)
