""".docx files: body in order, headings, lists with their numbers, tables, notes, text boxes."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.package import Package

from apps.knowledge.parsers.cleaning import clean_line, clean_lines
from apps.knowledge.parsers.headings import structure_blocks
from apps.knowledge.parsers.lawtext import read_structure
from apps.knowledge.parsers.plain import table_block
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import Block, ParsedDocument
from apps.knowledge.parsers.word_numbering import Numbering, read_numbering
from apps.knowledge.parsers.word_styles import Styles
from apps.knowledge.parsers.word_text import paragraph_text
from apps.knowledge.parsers.zipguard import check_container, without_strict_names

_TRANSPARENT = frozenset(
    qn(name) for name in ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "w:smartTag")
)
_MAX_DEPTH = 20
_MAX_ROW_CELLS = 200


def read_word(raw: bytes) -> ParsedDocument:
    """Read a .docx with all tracked changes accepted.

    Raises Refused: broken, encrypted, or too_large for a container that expands beyond reason.
    """
    check_container(raw)
    try:
        part: Any = Package.open(BytesIO(without_strict_names(raw))).main_document_part
        document: Document = part.document
    except (PackageNotFoundError, KeyError, ValueError, AttributeError) as error:
        # AttributeError: the main part is no document, as in a renamed workbook.
        raise Refused("broken") from error
    blocks = tuple(_Reader(part).blocks(document.element.body, depth=0))
    return ParsedDocument("docx", blocks, title=_title(document, blocks))


def _title(document: Document, blocks: tuple[Block, ...]) -> str:
    try:
        title = clean_line(document.core_properties.title or "")[:300]
    except (KeyError, ValueError, AttributeError):
        title = ""
    if title and not title.lower().endswith((".doc", ".docx")):
        return title
    first = blocks[0] if blocks else None
    return first.text if first is not None and first.kind == "heading" and first.level == 1 else ""


class _Reader:
    """Reads one document from its top to its end: list numbers depend on that order."""

    def __init__(self, part: Any) -> None:
        self._styles = Styles(_related_xml(part, RELATIONSHIP_TYPE.STYLES))
        self._numbering: Numbering = read_numbering(_related_xml(part, RELATIONSHIP_TYPE.NUMBERING))
        self._notes = {
            "footnote": _note_elements(_related_xml(part, RELATIONSHIP_TYPE.FOOTNOTES), "w:footnote"),
            "endnote": _note_elements(_related_xml(part, RELATIONSHIP_TYPE.ENDNOTES), "w:endnote"),
        }

    def blocks(self, container: BaseOxmlElement, depth: int) -> Iterator[Block]:
        if depth > _MAX_DEPTH:
            return
        for child in container:
            if child.tag == qn("w:p"):
                yield from self._paragraph(child, depth)
            elif child.tag == qn("w:tbl"):
                yield from self._table(child, depth)
            elif child.tag in _TRANSPARENT:
                yield from self.blocks(child, depth + 1)

    def _paragraph(self, paragraph: BaseOxmlElement, depth: int) -> Iterator[Block]:
        found = paragraph_text(paragraph)
        text = clean_lines(found.text)
        shape = self._styles.shape(paragraph)
        mark = self._numbering.mark(shape.num_id, shape.list_level) if shape.num_id and text else ""
        if text and not shape.is_contents:
            yield from _text_blocks(text, mark, shape.heading_level, shape.list_level if shape.num_id else None)
        for box in found.boxes:
            yield from self.blocks(box, depth + 1)
        for kind, note_id in found.notes:
            yield from self._note(kind, note_id)

    def _note(self, kind: str, note_id: str) -> Iterator[Block]:
        element = self._notes[kind].get(note_id)
        if element is None:
            return
        texts = (clean_lines(paragraph_text(paragraph).text) for paragraph in element.iter(qn("w:p")))
        text = "\n".join(text for text in texts if text)
        if text:
            yield Block("footnote", text)

    def _table(self, table: BaseOxmlElement, depth: int) -> Iterator[Block]:
        """A table; a box that only frames text (one cell) gives its content instead."""
        rows = [cells for row in _rows(table) if any(cells := self._cells(row, depth))]
        if len(rows) == 1 and len(rows[0]) == 1:
            cell = next(table.iter(qn("w:tc")), None)
            if cell is not None:
                yield from self.blocks(cell, depth + 1)
        elif rows:
            yield table_block(rows)

    def _cells(self, row: BaseOxmlElement, depth: int) -> tuple[str, ...]:
        """A row's cells; one merged over columns stands once, one merged downwards only at its top."""
        cells: list[str] = []
        for cell in _children(row, qn("w:tc")):
            merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
            continues = merge is not None and merge.get(qn("w:val")) in (None, "continue")
            texts = [] if continues else [block.text.replace("\n", " ") for block in self.blocks(cell, depth + 1)]
            cells.append(" ".join(texts))
        return tuple(cells[:_MAX_ROW_CELLS])


def _rows(table: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    for row in _children(table, qn("w:tr")):
        if row.find(f"{qn('w:trPr')}/{qn('w:del')}") is None:
            yield row


def _children(parent: BaseOxmlElement, tag: str) -> Iterator[BaseOxmlElement]:
    """Children of a tag, also inside content controls and accepted insertions."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _children(child, tag)


def _text_blocks(text: str, mark: str, heading_level: int | None, list_level: int | None) -> Iterator[Block]:
    marked = f"{mark} {text}" if mark else text
    structure = read_structure(clean_line(marked)) or read_structure(clean_line(text))
    if structure is not None and (structure.number or heading_level is not None or len(text) < 200):
        yield from structure_blocks(structure, None, heading_level or structure.rank)
    elif heading_level is not None:
        yield Block("heading", clean_line(marked), level=heading_level)
    elif list_level is not None:
        yield Block("list", marked, level=list_level + 1)
    else:
        yield Block("list" if re.match(r"[-–—•▪]\s", text) else "paragraph", marked)


def _related_xml(part: Any, relationship: str) -> BaseOxmlElement | None:
    """The root of a part beside the document, read without entities; None where it is missing or damaged."""
    try:
        related = part.part_related_by(relationship)
        element: BaseOxmlElement = parse_xml(related.blob)
    except (KeyError, ValueError, SyntaxError):
        return None
    return element


def _note_elements(root: BaseOxmlElement | None, tag: str) -> dict[str, BaseOxmlElement]:
    if root is None:
        return {}
    # Those with a type are the separator lines above the notes.
    return {
        str(note.get(qn("w:id"))): note for note in root.findall(qn(tag)) if note.get(qn("w:type")) in (None, "normal")
    }
