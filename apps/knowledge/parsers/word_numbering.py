"""The numbers that Word shows before list paragraphs, which stand nowhere in their text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

_PLACE = re.compile(r"%(\d)")
_MAX_LEVEL = 8
_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    text: str
    start: int


@dataclass(slots=True)
class Numbering:
    """Counts lists while the document is read in order; one per document."""

    levels: Mapping[tuple[str, int], _Level]
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    def mark(self, num_id: str, level: int) -> str:
        """Count one paragraph of list `num_id` at `level` (from 0) and give its mark, such as `2.1.` or `-`."""
        level = min(max(level, 0), _MAX_LEVEL)
        form = self.levels.get((num_id, level))
        if num_id == "0" or form is None:
            return ""
        counts = self._counts.setdefault(num_id, [None] * (_MAX_LEVEL + 1))
        current = counts[level]
        counts[level] = form.start if current is None else current + 1
        counts[level + 1 :] = [None] * (_MAX_LEVEL - level)
        if form.form == "bullet":
            return "-"
        if form.form == "none":
            return ""
        return _PLACE.sub(lambda match: self._shown(num_id, int(match[1]) - 1), form.text)

    def _shown(self, num_id: str, level: int) -> str:
        form = self.levels.get((num_id, level))
        count = self._counts[num_id][min(level, _MAX_LEVEL)]
        if form is None:
            return ""
        return _written(form.start if count is None else count, form.form)


def read_numbering(root: BaseOxmlElement | None) -> Numbering:
    """Read numbering.xml (None where the document has no lists)."""
    if root is None:
        return Numbering({})
    abstract = {element.get(qn("w:abstractNumId")): _levels(element) for element in root.findall(qn("w:abstractNum"))}
    levels: dict[tuple[str, int], _Level] = {}
    for number in root.findall(qn("w:num")):
        num_id = str(number.get(qn("w:numId")))
        reference = number.find(qn("w:abstractNumId"))
        base = abstract.get(reference.get(qn("w:val")), {}) if reference is not None else {}
        overrides = {
            level: form for override in number.findall(qn("w:lvlOverride")) for level, form in _levels(override).items()
        }
        levels.update({(num_id, level): form for level, form in {**base, **overrides}.items()})
    return Numbering(levels)


def _levels(parent: BaseOxmlElement) -> dict[int, _Level]:
    found: dict[int, _Level] = {}
    for element in parent.findall(qn("w:lvl")):
        form = _value(element, "w:numFmt", "decimal")
        found[_integer(element.get(qn("w:ilvl")), 0)] = _Level(
            form=form, text=_value(element, "w:lvlText", ""), start=_integer(_value(element, "w:start", "1"), 1)
        )
    return found


def _value(element: BaseOxmlElement, name: str, default: str) -> str:
    child = element.find(qn(name))
    return default if child is None else str(child.get(qn("w:val"), default))


def _integer(text: str | None, default: int) -> int:
    try:
        return int(text or default)
    except ValueError:
        return default


def _written(count: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if form == "lowerLetter" else letter.upper()
    if form in ("lowerRoman", "upperRoman"):
        roman = _roman(min(count, 3999))
        return roman if form == "lowerRoman" else roman.upper()
    return f"{count:02d}" if form == "decimalZero" else str(count)


def _roman(count: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        while count >= value:
            written += letters
            count -= value
    return written
