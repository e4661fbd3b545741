"""Citation markers `[n]` in the text of an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NO_BREAK_SPACE = "\u00a0"
_MARKER = re.compile(r"[\[【]\^?\s*(?P<numbers>\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*(?:†[^\]】\n]{0,60})?[\]】](?!\()")
_RELEASED = re.compile(r"\[(\d{1,3})\]")
_SPACE_BEFORE = re.compile(r"[ \t\u00a0\u202f]*\Z")
_MAX_RANGE = 20


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker of a text: the range of its brackets and the passage numbers it names."""

    start: int
    end: int
    numbers: tuple[int, ...]


def markers(text: str) -> tuple[Marker, ...]:
    """Return the markers that a model wrote, in its own spelling: [1], [1, 2], [^1], 【1†source】, [1-3]."""
    return tuple(Marker(*match.span(), _numbers(match["numbers"])) for match in _MARKER.finditer(text))


def released_markers(text: str) -> tuple[Marker, ...]:
    """Return the markers of a released text, where each is exactly `[n]`."""
    return tuple(Marker(*match.span(), (int(match[1]),)) for match in _RELEASED.finditer(text))


def rewrite(text: str, numbers: Mapping[int, int]) -> str:
    """Return `text` with each marker as `[n]` by its new number, joined to the word before by U+00A0."""
    pieces: list[str] = []
    position = 0
    for marker in markers(text):
        before = text[position : marker.start]
        kept = before[: _SPACE_BEFORE.search(before).start()]  # type: ignore[union-attr]  # it matches the empty string
        is_at_line_start = not (kept or pieces) or kept.endswith(("\n", "|", "("))
        joint = before[len(kept) :] if is_at_line_start else NO_BREAK_SPACE
        pieces += [kept, joint, NO_BREAK_SPACE.join(f"[{numbers[number]}]" for number in dict.fromkeys(marker.numbers))]
        position = marker.end
    return "".join([*pieces, text[position:]])


def _numbers(written: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in re.split(r"\s*[,;]\s*", written):
        bounds = [int(bound) for bound in re.split(r"\s*[–-]\s*", part)]
        numbers.extend(range(bounds[0], min(bounds[-1], bounds[0] + _MAX_RANGE) + 1) if len(bounds) > 1 else bounds)
    return tuple(dict.fromkeys(numbers))
