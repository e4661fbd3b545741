"""Folded questions, remembered: a dozen rules read the same one, and folding it takes longer than most of them."""

from __future__ import annotations

from functools import lru_cache

from kauri.lib import text


@lru_cache(maxsize=2_048)
def fold(question: str) -> str:
    """Return a question folded as `kauri.lib.text.fold` folds it."""
    return text.fold(question)
