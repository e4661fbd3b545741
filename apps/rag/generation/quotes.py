"""Quotations: finding them in an answer, and finding their words in a passage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_APOSTROPHES = "’‘ʼ´`ʹ′"
_DROPPED = '«»“”„‟‹›"″\u200b\u200c\u200d\ufeff\u00ad'
_HUGGING = "»”;:!?%"
_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|\(\s*(?:…|\.\.\.)\s*\)|…|\.\.\.)\s*")
# « le gérant … est … révocable » could be made from a text that says the contrary.
_NEGATION = re.compile(r"\b(?:n['’]|ne|ni|non|pas|sans|sauf|aucune?|jamais)\b", re.IGNORECASE)
_SHORT_PART_WORDS = 3
_CLOSING = {"«": "»", "“": "”", '"': '"', "„": "“”", "‹": "›"}
# An apostrophe opens a quotation before a word and not inside one, and closes it after one.
_SINGLE = "‘‚'"
_SINGLE_CLOSED = re.compile(r"(?<=[\w.!?…)])[‘’'](?!\w)")


# Marks inside a quotation in English: "the word ‘apport’".
_INNER_SINGLE = re.compile(r"(?<!\w)‘([^‘]*?)(?<!\s)’(?!\w)")
_MAX_LEVELS = 2


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation in an answer: the range with its marks, and the words between them."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class QuotableText:
    """A passage's text reduced to what a quotation is compared by; `offsets[i]` is the source of char i."""

    source: str
    reduced: str
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Half-open range of a passage's own text that holds the quoted words."""

    start: int
    end: int


def quotable(text: str) -> QuotableText:
    """Reduce a text: white space and apostrophes become one of each, quotation marks go, nothing else changes."""
    chars: list[str] = []
    offsets: list[int] = []
    for offset, char in enumerate(text):
        # French puts a space before these and inside guillemets, PDF files often do not.
        if char in _HUGGING and chars and chars[-1] == " ":
            chars.pop()
            offsets.pop()
        kept = _reduce(char)
        if not kept or (kept == " " and (not chars or chars[-1] == " ")):
            continue
        chars.append(kept)
        offsets.append(offset)
    if chars and chars[-1] == " ":
        chars.pop()
        offsets.pop()
    return QuotableText(text, "".join(chars), tuple(offsets))


def locate(words: str, text: QuotableText) -> Found | None:
    """Return where `words` stand in the passage, or None when they do not.

    An ellipsis in the quotation stands for left-out words: its parts must follow each other in the passage, and
    where they are of one or two words no negation may be left out. A part must begin and end at a word's border.
    Single marks around words may stand for double ones of the passage.
    """
    found = _locate(words, text)
    for _level in range(_MAX_LEVELS):
        if found is None and "‘" in words:
            words = _INNER_SINGLE.sub(r"\1", words)
            found = _locate(words, text)
    return found


def _locate(words: str, text: QuotableText) -> Found | None:
    parts = [reduced for part in _ELLIPSIS.split(words) if (reduced := quotable(part).reduced)]
    first: int | None = None
    position = 0
    for part in parts:
        found = _find_whole(text.reduced, part, position)
        if found < 0 or (first is not None and _turns_round(parts, text.reduced[position:found])):
            return None
        first = found if first is None else first
        position = found + len(part)
    if first is None:
        return None
    return Found(text.offsets[first], text.offsets[position - 1] + 1)


def quotations(text: str) -> tuple[Quotation, ...]:
    """Return the outermost quotations of a piece of an answer; one that is never closed runs to the end."""
    found: list[Quotation] = []
    position = 0
    while position < len(text):
        single_end = _single_end(text, position)
        if single_end:
            found.append(Quotation(position, single_end, text[position + 1 : single_end - 1]))
            position = single_end
        elif text[position] in _CLOSING:
            end, is_closed = _closing(text, position)
            found.append(Quotation(position, end, text[position + 1 : end - is_closed]))
            position = end
        else:
            position += 1
    return tuple(found)


def _single_end(text: str, start: int) -> int:
    """Return where a quotation in apostrophes ends, 0 where none begins or none ends."""
    if text[start] not in _SINGLE or (start and text[start - 1].isalnum()) or not text[start + 1 : start + 2].isalnum():
        return 0
    closed = _SINGLE_CLOSED.search(text, start + 1)
    return closed.end() if closed else 0


def _closing(text: str, start: int) -> tuple[int, bool]:
    opening = text[start]
    closing = _CLOSING[opening]
    depth = 1
    for position in range(start + 1, len(text)):
        if text[position] in closing:
            depth -= 1
            if depth == 0:
                return position + 1, True
        elif text[position] == opening:
            depth += 1
    return len(text), False


def _reduce(char: str) -> str:
    if char.isspace():
        return " "
    if char in _APOSTROPHES:
        return "'"
    return "" if char in _DROPPED else char


def _turns_round(parts: Sequence[str], left_out: str) -> bool:
    is_picked = any(len(part.split()) < _SHORT_PART_WORDS for part in parts)
    return is_picked and _NEGATION.search(left_out) is not None


def _find_whole(text: str, part: str, position: int) -> int:
    """Find `part` from `position` on so that no word is cut: "10" is not a quotation of "100"."""
    found = text.find(part, position)
    while found >= 0:
        end = found + len(part)
        is_cut_before = found > 0 and part[0].isalnum() and text[found - 1].isalnum()
        is_cut_after = end < len(text) and part[-1].isalnum() and text[end].isalnum()
        if not is_cut_before and not is_cut_after:
            return found
        found = text.find(part, found + 1)
    return -1
