"""The words of a Word paragraph in the state after accepting all changes."""

from collections.abc import Iterator
from dataclasses import dataclass

from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

# python-docx does not know these namespaces.
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"

TEXT_BOX = qn("w:txbxContent")
# Deleted and moved-away text, field codes, and what paragraphs hold beside text.
_SKIPPED = frozenset(
    qn(name) for name in ("w:del", "w:moveFrom", "w:instrText", "w:delText", "w:pPr", "w:rPr", "w:rt", "w:sdtPr")
)


@dataclass(frozen=True, slots=True)
class ParagraphText:
    """The text with line breaks, the text boxes and the ids of the notes anchored in it."""

    text: str
    boxes: tuple[BaseOxmlElement, ...]
    notes: tuple[tuple[str, str], ...]


def paragraph_text(paragraph: BaseOxmlElement) -> ParagraphText:
    pieces: list[str] = []
    boxes: list[BaseOxmlElement] = []
    notes: list[tuple[str, str]] = []
    for element in _walk(paragraph):
        if element.tag == TEXT_BOX:
            boxes.append(element)
        elif element.tag in (qn("w:footnoteReference"), qn("w:endnoteReference")):
            kind = "footnote" if element.tag == qn("w:footnoteReference") else "endnote"
            notes.append((kind, str(element.get(qn("w:id")))))
        else:
            pieces.append(_written(element))
    return ParagraphText("".join(pieces), tuple(boxes), tuple(notes))


def _walk(root: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    """Elements in document order without deleted text; a text box is given whole, not entered.

    Written without recursion: hostile files nest some ten thousand levels deep.
    """
    stack = [iter(root)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
            continue
        if not isinstance(element.tag, str) or element.tag in _SKIPPED or _is_hidden(element):
            continue
        yield element
        if element.tag == TEXT_BOX:
            continue
        if element.tag == f"{_MC}AlternateContent":
            chosen = element.find(f"{_MC}Choice")
            chosen = element.find(f"{_MC}Fallback") if chosen is None else chosen
            stack.append(iter(()) if chosen is None else iter(chosen))
        else:
            stack.append(iter(element))


def _is_hidden(element: BaseOxmlElement) -> bool:
    if element.tag != qn("w:r"):
        return False
    properties = element.find(qn("w:rPr"))
    vanish = None if properties is None else properties.find(qn("w:vanish"))
    return vanish is not None and vanish.get(qn("w:val")) not in ("0", "false", "off")


def _written(element: BaseOxmlElement) -> str:
    if element.tag in (qn("w:t"), _MATH_TEXT):
        return element.text or ""
    if element.tag == qn("w:tab"):
        return "\t"
    if element.tag in (qn("w:br"), qn("w:cr")):
        return "\n"
    if element.tag == qn("w:noBreakHyphen"):
        return "-"
    return ""
