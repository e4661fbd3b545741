"""Sentences of French legal text: for choosing what to quote, and for releasing a stream piece by piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kauri.lib.text import fold

SentenceKind = Literal["sentence", "list", "table"]

# A quotation or a line longer than this is released (and judged) as it stands.
MAX_HELD_CHARS = 4_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABBREVIATIONS = _words(
    "al alin apr art arts av bd bull c-a-d cass cf chap chron cie coll comm cons dir dr ed env etc ex fig ibid incl"
    " infra lib liv loc m max me min mlle mm mme mr n no nos not num obs op p par pp pr prof rec ref resp ss st"
    " ste suiv"
    " supra t tel tit trib univ v vol"
)
# Words that open a sentence even after an abbreviation: "dans une S.A. Le capital…".
_OPENERS = _words(
    "au aucun aucune aux ce ces cet cette chaque dans de des elle elles en il ils l la le les leur lorsqu lorsque"
    " ne nul on pour quand sauf si son sous sur tout toute toutefois toutes tous un une the this it if"
)
_ITEM = re.compile(
    r"[ \t]*(?:[-–—•▪◦●*·‑]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\s?[°)][).]?\s|\d{1,2}[.°]-?\s|[IVX]{1,4}[.)]\s)"
)
_TELLING = re.compile('[«“»”"\\n.!?…]')
_CLOSERS = "»”\"’')]*_"
_SPACES = " \t\u00a0\u202f\u2009"
_MARKERS = re.compile(r"[ \t\u00a0\u202f]*\[\^?\d{1,3}(?:\s*[,;]\s*\d{1,3})*\]")
_WORD_BEFORE = re.compile(r"([^\W\d_]+(?:[.-][^\W\d_]+)*)\Z")
_NUMBER_BEFORE = re.compile(r"(?:^|\n)[ \t]*(?:#{1,6} |[-*•] |\*\*)*\(?\d{1,3}\Z")
_WORD_AFTER = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Half-open range of a text that reads as one unit, without surrounding space."""

    start: int
    end: int
    kind: SentenceKind = "sentence"


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Return the sentences, list lines and table rows of a passage, in order.

    Line breaks inside a wrapped paragraph (as PDF files have them) do not end a sentence.
    """
    sentences: list[Sentence] = []
    for start, end in _blocks(text):
        kind = _kind(text[start:end])
        if kind == "table":
            sentences.append(Sentence(start, end, kind))
            continue
        sentences.extend(_sentences_of_block(text, start, end, kind))
    return tuple(sentences)


def next_piece_end(buffer: str, *, is_last: bool) -> int:
    """Return where the first whole piece of a streamed Markdown text ends; 0 when it is not whole yet.

    A piece is a sentence with its trailing markers and spaces, or a line. A quotation is never cut.
    """
    if len(buffer) >= MAX_HELD_CHARS:
        return _forced_end(buffer)
    depth = 0
    is_straight_open = False
    # A streamed text is looked at again with every few characters that come: only at what can end or quote.
    for found in _TELLING.finditer(buffer):
        position, char = found.start(), found[0]
        depth = _depth_after(char, depth)
        is_straight_open ^= char == '"'
        is_quoted = depth > 0 or is_straight_open
        if char == "\n" and (not depth or _was_never_closed(buffer, position, is_last=is_last)):
            return position + 1
        if char in ".!?…" and not is_quoted:
            end = _stream_boundary(buffer, position, is_last=is_last)
            if end is None:
                break
            if end:
                return end
    return len(buffer) if is_last else 0


def paragraphs(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of paragraphs and list lines, soft line breaks left inside."""
    return tuple(_blocks(text))


def is_list_line(text: str) -> bool:
    """Tell whether a line opens with a bullet or an enumerator."""
    return _ITEM.match(text) is not None


def _was_never_closed(buffer: str, newline: int, *, is_last: bool) -> bool:
    """Tell whether a quotation open at a blank line is a mistake that would swallow what follows."""
    if buffer[newline + 1 : newline + 2] != "\n":
        return False
    # marks inside guillemets are a quotation's own
    pair = "«»" if buffer.rfind("«", 0, newline) > buffer.rfind("»", 0, newline) else "“”"
    mark = re.search(f"[{pair}]", buffer[newline:])
    return is_last if mark is None else mark[0] == pair[0]


def _depth_after(char: str, depth: int) -> int:
    if char in "«“":
        return depth + 1
    return max(0, depth - 1) if char in "»”" else depth


def _forced_end(buffer: str) -> int:
    end = buffer.rfind("\n", 0, MAX_HELD_CHARS)
    return end + 1 if end > 0 else MAX_HELD_CHARS


def _stream_boundary(buffer: str, position: int, *, is_last: bool) -> int | None:
    """Return the end of the piece closed by the terminator here, 0 when it closes none, None to wait."""
    end = _skip_closers(buffer, _terminator_end(buffer, position))
    while match := _MARKERS.match(buffer, end):
        end = _skip_closers(buffer, match.end())
    after = end
    while after < len(buffer) and buffer[after] in _SPACES:
        after += 1
    if after == len(buffer) or (buffer[after] == "[" and not _MARKERS.match(buffer, after)):
        return len(buffer) if is_last else None
    if buffer[after] == "\n" or after == end:
        return 0
    word = _WORD_AFTER.match(buffer, after)
    if word and word.end() == len(buffer) and not is_last:
        return None
    return after if _is_boundary(buffer, position, after) else 0


def _terminator_end(text: str, position: int) -> int:
    while position < len(text) and text[position] in ".!?…":
        position += 1
    return position


def _skip_closers(text: str, position: int) -> int:
    while position < len(text) and text[position] in _CLOSERS:
        position += 1
    return position


def _is_boundary(text: str, dot: int, after: int) -> bool:
    """Tell whether the terminator at `dot` ends a sentence whose successor starts at `after`."""
    opener = text[after]
    if not (opener.isupper() or opener.isdigit() or opener in '«“"([*-–—•À'):
        return False
    if text[dot] != ".":
        return True
    before = text[max(0, dot - 40) : dot]
    if _NUMBER_BEFORE.search(before):
        return False
    word = _WORD_BEFORE.search(before)
    if word is None:
        return True
    # "S.A." and "M. Ndiaye" go on; in "5.000 F. Voir" the letter is a unit.
    is_short = len(word[1].rsplit(".", 1)[-1]) == 1 and not before[: word.start()].rstrip()[-1:].isdigit()
    if not (is_short or fold(word[1]) in _ABBREVIATIONS):
        return True
    following = _WORD_AFTER.match(text, after)
    is_abbreviated_law = fold(word[1]) in {"art", "arts", "al", "n", "no", "p", "pp", "cf"}
    return not is_abbreviated_law and following is not None and fold(following[0]) in _OPENERS


def _kind(block: str) -> SentenceKind:
    if block.count("|") >= 2 or " | " in block or block.count("\t") >= 2:
        return "table"
    return "list" if is_list_line(block) else "sentence"


def _sentences_of_block(text: str, start: int, end: int, kind: SentenceKind) -> list[Sentence]:
    sentences: list[Sentence] = []
    opened = start
    depth = 0
    position = start
    while position < end:
        char = text[position]
        depth = _depth_after(char, depth) if text.find("»", position, end) >= 0 else 0
        if char in ".!?…" and depth == 0:
            after = _skip_closers(text, _terminator_end(text, position))
            successor = after
            while successor < end and text[successor].isspace():
                successor += 1
            if after < successor < end and _is_boundary(text, position, successor):
                sentences.append(Sentence(opened, after, kind))
                opened, kind, position = successor, "sentence", successor
                continue
        position += 1
    if opened < end:
        sentences.append(Sentence(opened, end, kind))
    return sentences


def _blocks(text: str) -> list[tuple[int, int]]:
    """Return ranges of lines that belong together, trimmed of outer space."""
    lines = _line_ranges(text)
    width = max((end - start for start, end in lines), default=0)
    blocks: list[tuple[int, int]] = []
    was_blank = True
    for start, end in lines:
        if start == end:
            was_blank = True
            continue
        if was_blank or _breaks_before(text, blocks[-1], (start, end), width):
            blocks.append((start, end))
        else:
            blocks[-1] = (blocks[-1][0], end)
        was_blank = False
    return blocks


def _line_ranges(text: str) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        start = offset + len(line) - len(line.lstrip())
        ranges.append((min(start, offset + len(line)), max(start, offset + len(line.rstrip()))))
        offset += len(line)
    return ranges


def _breaks_before(text: str, block: tuple[int, int], line: tuple[int, int], width: int) -> bool:
    previous = text[text.rfind("\n", 0, block[1]) + 1 : block[1]]
    current = text[line[0] : line[1]]
    if is_list_line(current) or "table" in {_kind(current), _kind(previous)}:
        return True
    opens_upper = current[0].isupper() or current[0] in "«“"
    if previous[-1] in ".;:!?»" and (opens_upper or previous[-1] in ":;"):
        return True
    # A line that stops well before the margin ends its paragraph (a heading, a last line without a full stop).
    return opens_upper and len(previous) < 0.6 * width
