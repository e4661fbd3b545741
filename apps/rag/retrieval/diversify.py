"""Leaves out what says the same again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from apps.rag.types import Passage


def distinct(passages: Iterable[Passage], *, k: int, overlap: float, max_per_locator: int) -> list[Passage]:
    """Keep the first `k` passages that repeat none before them.

    Two passages repeat each other when the share of common words in their union reaches `overlap`; of one article or
    heading at most `max_per_locator` passages stay.
    """
    kept: list[Passage] = []
    seen: list[frozenset[str]] = []
    of_locator: Counter[tuple[object, str]] = Counter()
    for passage in passages:
        place = (passage.version_id, passage.locator)
        if passage.locator and of_locator[place] >= max_per_locator:
            continue
        vocabulary = frozenset(passage.text.lower().split())
        if any(_overlap(vocabulary, other) >= overlap for other in seen):
            continue
        of_locator[place] += 1
        seen.append(vocabulary)
        kept.append(passage)
        if len(kept) == k:
            break
    return kept


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / max(1, len(left | right))
