"""Join the lines of a PDF into paragraphs, headings, lists and table rows."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from apps.knowledge.parsers.lawtext import ARTICLE_RANK, StructureLine, read_structure
from apps.knowledge.parsers.pdf_lines import Line

LIST_MARK = re.compile(
    r"^(?:[-–—•▪◦●■□➢➤✓❖o*·§]\s+|[-–—•▪●➢✓]\S|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})\s?[.°)]{1,2}\s*\)?[\s-]|\d{1,2}°\)?)"
)
_ENDED = re.compile(r"[.;:!?…»”\"]\s*$")
# Law writes its numbers twice: "soixante (60) jours". The figure may come first on the next line.
_NUMBER_WORD = re.compile(
    r"(?:^|[\s-])(?:une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?"
    r"|trente|quarante|cinquante|soixante|cents?|mille|millions?|milliards?)$",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\(\d[\d. ]*\)")
_CAPITALS = re.compile(r"[A-ZÀ-Þ]")
_SMALL = re.compile(r"[a-zß-öø-ÿ]")


@dataclass(frozen=True, slots=True)
class Look:
    """What is usual in a document: the body's letter height, its leading, and whether it is bold."""

    height: float
    leading: float
    is_bold: bool

    def is_heading(self, line: Line) -> bool:
        if line.cells or len(line.text) > 160 or line.text.endswith((".", ";", ",")) or line.text[0] in "-–—•▪➢✓":
            return False
        begins_as_one = _CAPITALS.search(line.text[:8]) is not None or line.text[:1].isdigit()
        return begins_as_one and self.stands_out(line)

    def stands_out(self, line: Line) -> bool:
        return line.height > 1.12 * self.height or (
            line.is_bold and not self.is_bold and line.height > 0.9 * self.height
        )

    def is_note(self, line: Line) -> bool:
        return line.height < 0.9 * self.height and line.y < 0.3 * line.page_height


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that belong together. `style` orders headings: taller letters first, then bold."""

    kind: str
    text: str
    page: int
    structure: StructureLine | None = None
    style: tuple[int, bool] = (0, False)
    rows: tuple[tuple[str, ...], ...] = ()


def document_look(lines: Sequence[Line]) -> Look:
    """Measure what is usual, weighted by the length of the text that has it."""
    weighted = sorted((line.height, len(line.text)) for line in lines)
    half = sum(weight for _, weight in weighted) / 2
    height = next(h for (h, _), seen in zip(weighted, accumulate(w for _, w in weighted), strict=True) if seen >= half)
    gaps = [
        line.y - following.y_start
        for line, following in itertools.pairwise(lines)
        if line.page == following.page and 0 < line.y - following.y_start < 3 * line.height
    ]
    bold = sum(len(line.text) for line in lines if line.is_bold)
    return Look(height=height, leading=median(gaps) if gaps else height * 1.2, is_bold=bold > half)


def join_lines(lines: Sequence[Line], look: Look) -> tuple[Piece, ...]:
    """Join lines in reading order; notes at the foot of a page follow the paragraph they cut."""
    margins = _right_margins(lines, look)
    body = [index for index, line in enumerate(lines) if not look.is_note(line)]
    groups = _groups(lines, body, margins, look)
    notes = [index for index, line in enumerate(lines) if look.is_note(line)]
    note_groups = _groups(lines, notes, margins, look) if notes else []
    pieces = [(group[0], _piece([lines[index] for index in group], look)) for group in groups]
    pieces += [(group[0], _note([lines[index] for index in group])) for group in note_groups]
    return tuple(piece for _, piece in sorted(pieces, key=lambda pair: pair[0]))


def _note(lines: list[Line]) -> Piece:
    return Piece(kind="footnote", text=_joined(lines), page=lines[0].page)


def _right_margins(lines: Sequence[Line], look: Look) -> list[float]:
    """The right margin at each line: that of its run of lines from top to bottom of a column."""
    margins: list[float] = []
    start = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or _new_column(lines[index - 1], lines[index]):
            run = [line.x1 for line in lines[start:index] if line.height < 1.12 * look.height] or [lines[start].x1]
            margins += [max(run)] * (index - start)
            start = index
    return margins


def _new_column(line: Line, following: Line) -> bool:
    return line.page != following.page or following.y_start > line.y + 2 * line.height or following.x0 > line.x1


def _groups(lines: Sequence[Line], indexes: Sequence[int], margins: Sequence[float], look: Look) -> list[list[int]]:
    groups: list[list[int]] = []
    for index in indexes:
        if groups and _belongs(lines, groups[-1], index, margins, look):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _belongs(lines: Sequence[Line], group: list[int], index: int, margins: Sequence[float], look: Look) -> bool:
    first, line, following = lines[group[0]], lines[group[-1]], lines[index]
    if line.cells or following.cells:
        return bool(line.cells and following.cells) and line.page == following.page
    structure = read_structure(first.text)
    if structure is not None:
        return _belongs_to_heading([lines[member] for member in group], following, structure, look)
    if read_structure(following.text) is not None and not _mentions(line, following):
        return False
    if look.is_heading(first) and look.stands_out(following):
        return _continues_heading(first, line, following, margins[group[-1]])
    if look.is_heading(first) != look.is_heading(following) and not _is_bold_lead(first, following, look):
        return False
    if LIST_MARK.match(following.text) and not _says_again(line, following):
        return False
    if abs(line.height - following.height) > 0.12 * line.height and not _crosses(line, following):
        return False
    return _flows_on(lines, group, index, margins, look)


def _continues_heading(first: Line, line: Line, following: Line, margin: float) -> bool:
    """Headings without a mark wrap like text, or are set centred or in capitals over some lines."""
    if _new_column(line, following) or line.y - following.y_start > 1.9 * line.height:
        return False
    if first.is_bold != following.is_bold or abs(first.height - following.height) > 0.05 * first.height:
        return False
    if LIST_MARK.match(following.text) or following.text[:1].isdigit():
        return False
    is_set_apart = _is_centred(line, following) or (_is_capitals(line.text) and _is_capitals(following.text))
    return _fills(line, following, margin) or is_set_apart


def _mentions(line: Line, following: Line) -> bool:
    """A wrapped sentence whose next line happens to begin with "Article 5" or "Titre II"."""
    structure = read_structure(following.text)
    if (
        structure is None
        or _ENDED.search(line.text)
        or line.is_bold != following.is_bold
        or not line.text[-1:].isalpha()
    ):
        return False
    return bool(
        re.search(
            r"\b(?:l|d|de|du|des|les?|la|aux?|et|ou|à|par|cet|dans|sur|son|selon)['’]?$", line.text, re.IGNORECASE
        )
    )


def _says_again(line: Line, following: Line) -> bool:
    """A line that begins with the figure, in brackets, of the number that the line before ends with in words."""
    return bool(_NUMBER_WORD.search(line.text.rstrip()) and _FIGURE.match(following.text))


def _is_bold_lead(first: Line, following: Line, look: Look) -> bool:
    """A paragraph may hold a line that is all bold by chance, but only if it began as plain text."""
    return (
        not look.is_heading(first)
        and abs(first.height - following.height) < 0.05 * first.height
        and following.text[:1].islower()
    )


def _belongs_to_heading(group: Sequence[Line], following: Line, structure: StructureLine, look: Look) -> bool:
    """A division's title may stand on its own lines or wrap; an article's line stands alone."""
    first, line = group[0], group[-1]
    if read_structure(following.text) is not None or _new_column(line, following) or len(group) > 4:
        return False
    if line.y - following.y_start > 2.4 * max(look.leading, line.height):
        return False
    if structure.rank == ARTICLE_RANK:
        return bool(structure.rest) and not look.is_heading(first) and line.y - following.y_start < 1.5 * look.leading
    same_style = first.is_bold == following.is_bold and abs(first.height - following.height) < 0.1 * first.height
    if not same_style:
        return False
    distinct = look.stands_out(first) and look.stands_out(following)
    if distinct or _is_capitals(following.text):
        return True
    is_untitled = not structure.rest and len(group) == 1 and len(following.text) < 60
    is_centred = _is_centred(first, following) or (is_untitled and abs(first.centre - following.centre) < 4)
    return is_centred and not line.text.endswith(".")


def _is_capitals(text: str) -> bool:
    return len(_CAPITALS.findall(text)) > 4 * len(_SMALL.findall(text))


def _is_centred(first: Line, following: Line) -> bool:
    """Tell lines set centred; lines that begin at the same place are so only if the second runs on."""
    begins_elsewhere = abs(first.x0 - following.x0) > 6 or following.text[:1].islower()
    return abs(first.centre - following.centre) < 4 and begins_elsewhere


def _crosses(line: Line, following: Line) -> bool:
    return line.page != following.page


def _flows_on(lines: Sequence[Line], group: list[int], index: int, margins: Sequence[float], look: Look) -> bool:
    line, following = lines[group[-1]], lines[index]
    begins_small = following.text[:1].islower() or _says_again(line, following)
    if _new_column(line, following):
        return not _ENDED.search(line.text) and (begins_small or _fills(line, following, margins[group[-1]]))
    if line.y - following.y_start > 1.45 * max(look.leading, 0.9 * line.height):
        return False
    if begins_small and not _ENDED.search(line.text):
        return True
    is_indented = following.x0 > line.x0 + 0.8 * line.height
    in_list = LIST_MARK.match(lines[group[0]].text) is not None
    if is_indented and not (in_list and len(group) == 1):
        return False
    return _fills(line, following, margins[group[-1]])


def _fills(line: Line, following: Line, margin: float) -> bool:
    """Tell whether the next line's first word had no room left on this line."""
    word = following.text.split(" ", 1)[0]
    letter = (line.x1 - line.x0) / max(len(line.text), 1)
    return line.x1 + letter * (len(word) + 0.5) > margin - 2


def _joined(lines: list[Line]) -> str:
    text = lines[0].text
    for line in lines[1:]:
        if text.endswith("-") and text[-2:-1].isalpha() and line.text[:1].islower():
            text = text[:-1] + "\ufffe" + line.text
        else:
            text = f"{text} {line.text}"
    return text


def _piece(lines: list[Line], look: Look) -> Piece:
    first = lines[0]
    style = (round(first.height), first.is_bold)
    if first.cells:
        rows = tuple(line.cells for line in lines)
        return Piece(kind="table", text="\n".join(line.text for line in lines), page=first.page, rows=rows)
    text = _joined(lines)
    structure = read_structure(text)
    if structure is not None:
        return Piece(kind="heading", text=text, page=first.page, structure=structure, style=style)
    if look.is_heading(first) and len(text) <= 250:
        return Piece(kind="heading", text=text, page=first.page, style=style)
    return Piece(kind="list" if LIST_MARK.match(text) else "paragraph", text=text, page=first.page)
