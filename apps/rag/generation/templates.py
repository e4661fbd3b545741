"""Prompt templates: one text file a prompt and language, with its version, cut into named sections.

A file begins with `version: n`; a line `=== name ===` begins a section, whose {names} are filled in by `fill`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "prompts"
_VERSION = re.compile(r"version: (\d+)\n")
_SECTION = re.compile(r"^=== (\w+) ===\n", re.MULTILINE)
_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt's sections by name."""

    version: int
    sections: Mapping[str, str]

    def fill(self, section: str, **values: object) -> str:
        """Return a section with its {names} filled in; braces inside the values stay as they are."""
        return _BLANK.sub(lambda match: str(values[match[1]]), self.sections[section])


def parse(text: str) -> Template:
    """Read a template. Raises ValueError without a version."""
    version = _VERSION.match(text)
    if version is None:
        raise ValueError("a prompt template begins with its version")
    _, *pieces = _SECTION.split(text)
    names, bodies = pieces[::2], pieces[1::2]
    return Template(int(version[1]), {name: body.strip() for name, body in zip(names, bodies, strict=True)})


@cache
def template(name: str) -> Template:
    """Return a template by the name of its file: `answer.fr`."""
    return parse((_FOLDER / f"{name}.txt").read_text(encoding="utf-8"))


def versions_of_all() -> str:
    """Return what changes with any template: the versions, and a hash of every file."""
    paths = sorted(_FOLDER.glob("*.txt"))
    digest = hashlib.sha256(b"\x00".join(path.read_bytes() for path in paths)).hexdigest()[:8]
    return "-".join([*(str(template(path.stem).version) for path in paths), digest])
