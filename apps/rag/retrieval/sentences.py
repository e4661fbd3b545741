"""A passage's sentences, as the best-sentence score sees them."""

from __future__ import annotations

import re

MAX_SENTENCES = 24
_MIN_CHARACTERS = 25
_MAX_CHARACTERS = 600

# A full stop ends a sentence only before a space and a capital or a bullet: "art. 3", "1.000.000" and "S.A." do not.
_ENDS = re.compile(
    r"(?<=[.!?])\s+(?=[A-ZÀ-ÖØ-Þ«\"(\d•–-])|(?<=[;:])\s*\n|\n\s*(?=[•–\-*]\s|\d+[°.)]\s|[a-z]\)\s)|\n{2,}"
)


def sentences(text: str) -> list[str]:
    """Cut a passage into at most 24 sentences or list items; short pieces join the one before."""
    found: list[str] = []
    for piece in _ENDS.split(text):
        flat = " ".join(piece.split())
        if not flat:
            continue
        if found and (len(flat) < _MIN_CHARACTERS or len(found[-1]) < _MIN_CHARACTERS):
            found[-1] = f"{found[-1]} {flat}"
        else:
            found.append(flat)
    return [sentence[:_MAX_CHARACTERS] for sentence in found[:MAX_SENTENCES]]
