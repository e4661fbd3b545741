"""What paragraph styles say about headings and lists, inheritance included."""

import re
from dataclasses import dataclass

from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

_HEADING_NAME = re.compile(r"^(?:heading|titre|[uü]berschrift|t[ií]tulo)\s*(\d)$", re.IGNORECASE)
_CONTENTS_NAME = re.compile(r"^(?:toc|tm|table of figures|table des illustrations)\s*\d?$", re.IGNORECASE)
_TITLE_NAMES = frozenset(("title", "titre", "titre principal"))
_MAX_INHERITANCE = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """`heading_level` from 1, None for ordinary text; `num_id` empty where no list numbers it.

    `is_contents` marks an entry of a generated table of contents.
    """

    heading_level: int | None = None
    num_id: str = ""
    list_level: int = 0
    is_contents: bool = False


class Styles:
    """The styles of one document."""

    def __init__(self, root: BaseOxmlElement | None) -> None:
        styles = [] if root is None else root.findall(qn("w:style"))
        self._elements = {str(style.get(qn("w:styleId"))): style for style in styles}
        self._default = next(
            (
                str(s.get(qn("w:styleId")))
                for s in styles
                if s.get(qn("w:type")) == "paragraph" and s.get(qn("w:default")) in ("1", "true")
            ),
            "",
        )
        self._shapes: dict[str, Shape] = {}

    def shape(self, paragraph: BaseOxmlElement) -> Shape:
        """What a paragraph is, its own properties before those of its style."""
        properties = paragraph.find(qn("w:pPr"))
        style_id = _value(properties, "w:pStyle") or self._default
        inherited = self._style_shape(style_id)
        own = _own_shape(properties)
        return Shape(
            heading_level=own.heading_level if own.heading_level is not None else inherited.heading_level,
            num_id=own.num_id or inherited.num_id,
            list_level=own.list_level if own.num_id else inherited.list_level,
            is_contents=inherited.is_contents,
        )

    def _style_shape(self, style_id: str) -> Shape:
        if style_id not in self._shapes:
            self._shapes[style_id] = self._read_style(style_id)
        return self._shapes[style_id]

    def _read_style(self, style_id: str) -> Shape:
        heading_level, num_id, list_level = None, "", 0
        is_contents = _CONTENTS_NAME.match(_value(self._elements.get(style_id), "w:name")) is not None
        for _ in range(_MAX_INHERITANCE):
            style = self._elements.get(style_id)
            if style is None:
                break
            own = _own_shape(style.find(qn("w:pPr")))
            named = _named_level(_value(style, "w:name"))
            if heading_level is None:
                heading_level = named if named is not None else own.heading_level
            if not num_id and own.num_id:
                num_id, list_level = own.num_id, own.list_level
            style_id = _value(style, "w:basedOn")
        return Shape(heading_level, num_id, list_level, is_contents)


def _named_level(name: str) -> int | None:
    match = _HEADING_NAME.match(name.strip())
    if match:
        return max(int(match[1]), 1)
    return 1 if name.strip().lower() in _TITLE_NAMES else None


def _own_shape(properties: BaseOxmlElement | None) -> Shape:
    if properties is None:
        return Shape()
    outline = _value(properties, "w:outlineLvl")
    # Level 9 is Word's "body text".
    heading_level = int(outline) + 1 if outline.isdigit() and int(outline) < 9 else None
    numbering = properties.find(qn("w:numPr"))
    level = _value(numbering, "w:ilvl")
    return Shape(heading_level, _value(numbering, "w:numId"), int(level) if level.isdigit() else 0)


def _value(parent: BaseOxmlElement | None, name: str) -> str:
    child = None if parent is None else parent.find(qn(name))
    return "" if child is None else str(child.get(qn("w:val"), ""))
