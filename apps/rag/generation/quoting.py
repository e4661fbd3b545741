"""An excerpt as it is shown: one quotation, what was skipped shown as skipped, a table as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.rag.generation import wording
from apps.rag.generation.excerpts import Excerpt
from apps.rag.generation.markers import NO_BREAK_SPACE
from apps.rag.generation.sentences import is_list_line
from apps.rag.types import Passage

_MIN_ROWS = 2
# What a cell may not hold: a sum would be taken for a calculation, and these signs act on the page.
_NO_CELL = re.compile(r"=|[\[\]<>«»\"“”]")


def quotation(passage: Passage, excerpted: Excerpt) -> str:
    """Return the words of an excerpt as one quotation, its table as one of Markdown, each with the marker."""
    number = excerpted.index + 1
    rows = _table(passage.text, excerpted.ranges)
    ranges = [each for each in excerpted.ranges if each not in rows]
    if not rows:
        return _words(passage.text, _without_last_head(passage.text, excerpted.ranges), number)
    table = _markdown([passage.text[start:end] for start, end in rows], number)
    if not ranges:
        return f"{wording.this_table(number)}\n\n{table}"
    return f"{_words(passage.text, ranges, number)}\n\n{wording.its_table(passage, number)}\n\n{table}"


def _words(text: str, ranges: Sequence[tuple[int, int]], number: int) -> str:
    words = ""
    previous_end: int | None = None
    for start, end in ranges:
        part = " ".join(text[start:end].split())
        if previous_end is None:
            words = part
        elif text[previous_end:start].strip():
            words += f" […] {part}"
        else:
            words += ("\n" if is_list_line(part) and part[0] in "-*" else "\n\n") + part
        previous_end = end
    return wording.quoted(words, number)


def _without_last_head(text: str, ranges: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Drop a table's head whose rows stand in the next passage."""
    is_head = len(ranges) > 1 and len(_cells(text[slice(*ranges[-1])])) > 1 and "|" in text[slice(*ranges[-1])]
    return ranges[:-1] if is_head and not text[ranges[-1][1] :].strip() else ranges


def _table(text: str, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of rows under their head; [] where none may be shown as a table."""
    blocks: list[list[tuple[int, int]]] = [[]]
    for start, end in ranges:
        row = text[start:end]
        if len(_cells(row)) > 1 and not _NO_CELL.search(row):
            blocks[-1].append((start, end))
        else:
            blocks.append([])
    longest = max((_under_head(text, block) for block in blocks), key=len)
    return longest if len(longest) >= _MIN_ROWS else []


def _under_head(text: str, block: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the rows of a block with as many cells as its head; all of them where only last cells are missing.

    That they are the last ones shows where another row keeps an empty cell between two others.
    """
    rows = [_cells(text[start:end]) for start, end in block]
    width = len(rows[0]) if rows else 0
    keeps_empty = any(len(row) == width and "" in row[:-1] for row in rows)
    if keeps_empty and all(len(row) <= width for row in rows):
        return block
    return block[: next((i for i, row in enumerate(rows) if len(row) != width), len(rows))]


def _cells(row: str) -> list[str]:
    return [" ".join(cell.split()) for cell in row.strip().strip("|").split("|")]


def _markdown(rows: Sequence[str], number: int) -> str:
    """Return rows as a table whose first is the head; each other one carries the marker, and is checked by it."""
    cells = [_cells(row) for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells[:1]]
    for row in cells[1:]:
        last = max((i for i, cell in enumerate(row) if cell), default=0)
        marked = [f"{cell}{NO_BREAK_SPACE}[{number}]" if i == last else cell for i, cell in enumerate(row)]
        lines.append(f"| {' | '.join([*marked, *[''] * (len(cells[0]) - len(row))])} |")
    return "\n".join([lines[0], f"|{'---|' * len(cells[0])}", *lines[1:]])
