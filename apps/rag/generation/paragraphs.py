"""What is quoted of a long passage beside the sentences that answer: their paragraphs, and what stands next to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from apps.rag.generation.parts import POINTS_BACK, Part

_GOES_ON_SHARE = 1.25  # of the length meant, for what a chosen sentence cannot be read without
_BESIDE_SHARE = 0.7  # of it, for what could be left out
_LEAST_LEFT = 200  # characters of a passage that are not worth leaving out


def filled_up(text: str, parts: Sequence[Part], chosen: AbstractSet[int], max_chars: int) -> frozenset[int]:
    """Return the chosen parts with what makes them readable, about `max_chars` of them at most.

    First what follows and points back to them ("Toutefois, …", "Ce délai …"), then the rest of their paragraphs, then
    the rule that the article opens with and what stands between and beside: a jurist reads an article, no snippets.
    """
    kept = set(chosen)
    length = sum(len(parts[i].text) for i in kept)
    for most, found in ((_GOES_ON_SHARE, _following), (1.0, _of_paragraphs), (_BESIDE_SHARE, _beside)):
        while True:
            fitting = (i for i in found(text, parts, kept) if length + len(parts[i].text) <= most * max_chars)
            added = next(fitting, None)
            if added is None:
                break
            kept.add(added)
            length += len(parts[added].text)
    left = [i for i in range(len(parts)) if i not in kept]
    if sum(len(parts[i].text) for i in left) <= _LEAST_LEFT:
        kept.update(left)
    return frozenset(kept)


def _following(_text: str, parts: Sequence[Part], kept: AbstractSet[int]) -> Iterable[int]:
    after = sorted(i + 1 for i in kept if i + 1 < len(parts) and i + 1 not in kept)
    return (i for i in after if POINTS_BACK.match(parts[i].folded))


def _of_paragraphs(text: str, parts: Sequence[Part], kept: AbstractSet[int]) -> Iterable[int]:
    for i in sorted(kept):
        if i and i - 1 not in kept and "\n" not in text[parts[i - 1].end : parts[i].start]:
            yield i - 1
        if i + 1 < len(parts) and i + 1 not in kept and "\n" not in text[parts[i].end : parts[i + 1].start]:
            yield i + 1


def _beside(_text: str, parts: Sequence[Part], kept: AbstractSet[int]) -> Iterable[int]:
    """Return what is not quoted yet: what stands between, then after, then the first, then before.

    An enumeration says by itself what it says.
    """
    if any(sentence.kind == "list" for i in kept for sentence in parts[i].sentences):
        return ()
    left = [i for i in range(len(parts)) if i not in kept]
    between = [i for i in left if i - 1 in kept and i + 1 in kept]
    after = [i for i in left if i - 1 in kept]
    before = [i for i in left if i + 1 in kept]
    return (*between, *after, *([0] if 0 in left else []), *reversed(before))
