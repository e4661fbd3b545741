"""Lines of a PDF page with their place and look, in reading order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from apps.knowledge.parsers.hyphens import CUT
from apps.knowledge.parsers.pdf_text import PageText

CELL_SEPARATOR = " | "
# Digits that follow a letter or sign directly: a note's mark when they are set smaller.
_NOTE_MARK = re.compile(r"(?<=[^\W\d_)»”’.,;])\d{1,3}(?![\w%])")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: coordinates in points from the lower left corner, `height` that of its font.

    `y_start` and `y` differ where PDFium joined two printed lines over a cut word: then `x1` and
    `y` are those of the second. `cells` has two or more entries where wide gaps show a table row.
    """

    text: str
    page: int
    x0: float
    x1: float
    y_start: float
    y: float
    height: float
    is_bold: bool
    page_height: float
    cells: tuple[str, ...] = ()

    @property
    def centre(self) -> float:
        return (self.x0 + self.x1) / 2


def page_lines(source: PageText) -> tuple[Line, ...]:
    """Read the lines of a page; those of a page written in disorder are put in order by place."""
    lines = tuple(_merge_same_row(_raw_lines(source)))
    if _is_disordered(lines):
        return _by_place(source)
    return tuple(_with_cells(source, lines))


@dataclass(frozen=True, slots=True)
class _Placed:
    line: Line
    start: int
    stop: int


def _raw_lines(source: PageText) -> Iterator[_Placed]:
    position = 0
    for raw in source.text.split("\r\n"):
        stripped = raw.strip()
        start = position + len(raw) - len(raw.lstrip())
        stop = start + len(stripped)
        position += len(raw) + 2
        if stripped:
            yield _Placed(_line(source, stripped, start, stop), start, stop)


def _line(source: PageText, text: str, start: int, stop: int) -> Line:
    left, bottom, right, top = source.box(start)
    last = source.box(stop - 1)
    if stop - start > 3 and not source.text[start].isalnum():
        # A bullet comes from another font, whose height says nothing about the line.
        _, bottom, _, top = source.box(start + 2)
    return Line(
        text=_without_note_marks(source, text, start, top - bottom),
        page=source.number,
        x0=left,
        x1=last[2] if CUT in text else max(right, last[2]),
        y_start=bottom,
        y=last[1] if CUT in text else bottom,
        height=max(top - bottom, 1.0),
        is_bold=source.is_bold(start) and source.is_bold(stop - 1),
        page_height=source.height,
    )


def _without_note_marks(source: PageText, text: str, start: int, height: float) -> str:
    def keep(match: re.Match[str]) -> str:
        _, bottom, _, top = source.box(start + match.start())
        return match[0] if top - bottom > 0.8 * height else ""

    return _NOTE_MARK.sub(keep, text)


def _merge_same_row(placed: Iterator[_Placed]) -> Iterator[_Placed]:
    """Join pieces of one printed line that PDFium split where the font or the baseline changed."""
    held: _Placed | None = None
    for piece in placed:
        if held is not None and _continues_row(held.line, piece.line):
            glue = (
                "" if piece.line.text[:1] in ",.;:)°" or piece.line.x0 - held.line.x1 < 0.1 * held.line.height else " "
            )
            merged = replace(held.line, text=held.line.text + glue + piece.line.text, x1=piece.line.x1, y=piece.line.y)
            held = _Placed(merged, held.start, piece.stop)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _continues_row(line: Line, following: Line) -> bool:
    overlap = min(line.y + line.height, following.y_start + following.height) - max(line.y, following.y_start)
    gap = following.x0 - line.x1
    return overlap > 0.6 * min(line.height, following.height) and -1 <= gap < 1.2 * line.height


def _is_disordered(lines: tuple[_Placed, ...]) -> bool:
    """Tell a page whose text was written out of order; columns of prose jump up once each."""
    jumps = sum(following.line.y_start > piece.line.y + 2 * piece.line.height for piece, following in pairwise(lines))
    if jumps < 6 or jumps <= 0.06 * len(lines):
        return False
    # Cells of running text also jump up, once each: their lines continue one another.
    running = sum(_runs_on(piece.line, following.line) for piece, following in pairwise(lines))
    return running < 0.15 * len(lines)


def _runs_on(line: Line, following: Line) -> bool:
    return following.text[:1].islower() and following.y_start < line.y and abs(following.x0 - line.x0) < line.height


def _with_cells(source: PageText, lines: tuple[_Placed, ...]) -> Iterator[Line]:
    """Look for wide gaps in the lines whose letters seem set too far apart."""
    if not lines:
        return
    widths = [0.0 if CUT in piece.line.text else _letter_width(piece.line) for piece in lines]
    usual = median(widths)
    for index, (piece, width) in enumerate(zip(lines, widths, strict=True)):
        cells: tuple[str, ...] = ()
        if width >= 1.25 * usual and CUT not in piece.line.text:
            words = tuple(_words(source, piece.start, piece.stop))
            neighbours = lines[max(index - 2, 0) : index] + lines[index + 1 : index + 3]
            if not _is_justified(words, [neighbour.line for neighbour in neighbours]):
                cells = tuple(cell for cell, _, _ in _joined_cells(words))
        yield replace(piece.line, cells=cells, text=CELL_SEPARATOR.join(cells)) if len(cells) > 1 else piece.line


def _letter_width(line: Line) -> float:
    return (line.x1 - line.x0) / line.height / max(len(line.text), 1)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    x0: float
    x1: float
    y: float
    height: float


def _words(source: PageText, start: int, stop: int) -> Iterator[_Word]:
    for match in re.finditer(r"\S+", source.text[start:stop]):
        left, bottom, _, top = source.box(start + match.start())
        right = source.box(start + match.end() - 1)[2]
        yield _Word(match[0], left, right, bottom, max(top - bottom, 1.0))


def _is_justified(words: tuple[_Word, ...], neighbours: list[Line]) -> bool:
    """Tell a line of prose that was stretched to the margins of a narrow column from a table row.

    Its gaps are all alike, it is words and no figures, and a line beside it ends at the same place.
    """
    gaps = [following.x0 - word.x1 for word, following in pairwise(words)]
    n_small = sum(character.islower() for word in words for character in word.text)
    n_characters = sum(len(word.text) for word in words)
    if not gaps or max(gaps) > 2 * min(gaps) or n_small < 0.7 * n_characters:
        return False
    return any(abs(neighbour.x1 - words[-1].x1) < 2 for neighbour in neighbours)


def _joined_cells(words: tuple[_Word, ...]) -> Iterator[tuple[str, float, float]]:
    held: list[_Word] = []
    for word in words:
        if held and word.x0 - held[-1].x1 > 0.9 * word.height:
            yield " ".join(part.text for part in held), held[0].x0, held[-1].x1
            held = []
        held.append(word)
    if held:
        yield " ".join(part.text for part in held), held[0].x0, held[-1].x1


def _by_place(source: PageText) -> tuple[Line, ...]:
    """Rebuild a page of table-like text from its words: rows from the top, cells from the left."""
    words = sorted(_words(source, 0, len(source.text)), key=lambda word: -word.y)
    rows: list[list[_Word]] = []
    for word in words:
        if rows and abs(rows[-1][0].y - word.y) < 0.5 * word.height:
            rows[-1].append(word)
        else:
            rows.append([word])
    return tuple(_row_line(tuple(sorted(row, key=lambda word: word.x0)), source) for row in rows)


def _row_line(words: tuple[_Word, ...], source: PageText) -> Line:
    cells = tuple(cell for cell, _, _ in _joined_cells(words))
    return Line(
        text=CELL_SEPARATOR.join(cells),
        page=source.number,
        x0=words[0].x0,
        x1=words[-1].x1,
        y_start=words[0].y,
        y=words[0].y,
        height=words[0].height,
        is_bold=False,
        page_height=source.height,
        cells=cells if len(cells) > 1 else (),
    )
