"""Reads JSON lines, and says where a line is not what it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from apps.rag.types import InForce
from kauri.lib.errors import KauriError


class BadDataset(KauriError):
    """A folder, a file or a line that cannot be measured with; the sentence names it."""

    code = "bad_dataset"


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object of a file, with its place for error messages."""

    path: Path
    number: int
    values: dict[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text field. Raises BadDataset where it is missing and has no default, or is no text."""
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.bad(_("“%(field)s” is missing or is no text") % {"field": name})
        return _storable(str(value))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, empty where it is missing. Raises BadDataset."""
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or any(not isinstance(each, str | int) for each in value):
            raise self.bad(_("“%(field)s” is no list of texts") % {"field": name})
        return tuple(_storable(str(each)) for each in value)

    def flag(self, name: str) -> bool:
        """Return a switch, False where it is missing. Raises BadDataset."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.bad(_("“%(field)s” is neither true nor false") % {"field": name})

    def day(self, name: str) -> date | None:
        """Return a day, None where it is missing. Raises BadDataset."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise self.bad(_("“%(field)s” is no day such as 2026-01-31") % {"field": name}) from error

    def in_force(self) -> InForce | None:
        """Return the period `in_force_from`..`in_force_to` (exclusive), None where neither is said."""
        start, end = self.day("in_force_from"), self.day("in_force_to")
        if start is not None and end is not None and start >= end:
            raise self.bad(_("the period in force ends before it begins"))
        return InForce(start, end) if start or end else None

    def bad(self, reason: str) -> BadDataset:
        """Return the error that names this line."""
        place = {"path": self.path, "number": self.number, "reason": reason}
        return BadDataset(_("%(path)s, line %(number)s: %(reason)s.") % place)


def _storable(text: str) -> str:
    """Replace what no database takes, and what texts read from PDF files hold: NUL and halves of signs."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


def lines_read(path: Path) -> Iterator[Line]:
    """Yield the objects of a JSON lines file, blank lines left out. Raises BadDataset."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadDataset(_("%(path)s cannot be read.") % {"path": path}) from error
    # split on line feeds alone: other separators that Unicode knows may stand inside a text
    for number, encoded in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        line = Line(path, number, {})
        if not encoded.strip():
            continue
        try:
            values = json.loads(encoded.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise line.bad(_("this is no JSON")) from error
        if not isinstance(values, dict):
            raise line.bad(_("this is no JSON object"))
        yield Line(path, number, values)


def object_read(path: Path) -> Line:
    """Read a file that holds one JSON object. Raises BadDataset."""
    line = Line(path, 1, {})
    try:
        values = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadDataset(_("%(path)s cannot be read.") % {"path": path}) from error
    except (ValueError, RecursionError) as error:
        raise line.bad(_("this is no JSON")) from error
    if not isinstance(values, dict):
        raise line.bad(_("this is no JSON object"))
    return Line(path, 1, values)
