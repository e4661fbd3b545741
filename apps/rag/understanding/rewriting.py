"""A question in the words that the engine reads: its sigles in capitals, its English words in French."""

from __future__ import annotations

from functools import lru_cache

from apps.rag.understanding.english import in_french
from apps.rag.understanding.forms import with_sigles


@lru_cache(maxsize=2_048)
def plain(text: str) -> str:
    """Return what a question says, readably: "quel est le capital de la sa" asks about "la SA"."""
    return with_sigles(in_french(text.strip()))
