"""Leaves out what says the same again, and what one document would crowd out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from apps.rag.types import Passage

# A whole act, code or chart is one document: who asks about it may need ten of its articles.
_WHOLE = frozenset({"law", "chart", "case_law"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What stays: `overlap` is the share of common words above which two passages are one; `per_locator` passages of
    one article or heading; `per_document` of one guide, doctrine or sample."""

    overlap: float
    per_locator: int
    per_document: int


def distinct(passages: Iterable[Passage], *, k: int, limits: Limits) -> list[Passage]:
    """Keep the first `k` passages that repeat none before them, within the limits."""
    kept: list[Passage] = []
    seen: list[frozenset[str]] = []
    taken: Counter[tuple[object, str]] = Counter()
    for passage in passages:
        place, document = (passage.version_id, passage.locator), (passage.document_id, "")
        if passage.locator and taken[place] >= limits.per_locator:
            continue
        if passage.kind not in _WHOLE and taken[document] >= limits.per_document:
            continue
        vocabulary = frozenset(passage.text.lower().split())
        if limits.overlap <= 1.0 and any(_overlap(vocabulary, other) >= limits.overlap for other in seen):
            continue
        taken[place] += 1
        taken[document] += 1
        seen.append(vocabulary)
        kept.append(passage)
        if len(kept) == k:
            break
    return kept


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / max(1, len(left | right))
