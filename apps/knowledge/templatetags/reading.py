"""How a passage's lines stand on the reader page: the rows of a table as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from django import template

from apps.knowledge.types import ReaderRun

register = template.Library()

Line = tuple[ReaderRun, ...]

_CELL_END = " | "


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a table when it has rows; the first row is the head."""

    line: Line = ()
    rows: tuple[tuple[Line, ...], ...] = ()


@register.filter
def blocks(lines: Sequence[Line]) -> list[Block]:
    """Return a passage's lines with each run of two table rows or more, of one width, as a table."""
    found: list[Block] = []
    for width, group in groupby(lines, key=_width):
        same = list(group)
        if width > 1 and len(same) > 1:
            found.append(Block(rows=tuple(tuple(_cells(line)) for line in same)))
        else:
            found.extend(Block(line=line) for line in same)
    return found


def _width(line: Line) -> int:
    return "".join(run.text for run in line).count(_CELL_END) + 1


def _cells(line: Line) -> Iterator[Line]:
    """Cut a line at its bars; a bar that two runs share stays in the text."""
    cell: list[ReaderRun] = []
    for run in line:
        first, *others = run.text.split(_CELL_END)
        cell.append(replace(run, text=first))
        for text in others:
            yield tuple(part for part in cell if part.text)
            cell = [replace(run, text=text)]
    yield tuple(part for part in cell if part.text)
