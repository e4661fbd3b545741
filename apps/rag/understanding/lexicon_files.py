"""The lexicon that comes with Kauri: the files beside this module, which a jurist can open in a spreadsheet.

One row a group: `said;meant;register`. `said` holds what people say, `meant` what the texts say for it, each a list
with commas; a row that begins with `#` is a heading. The file's name is the field that its words belong to.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "lexicon"
REGISTERS = ("everyday", "professional", "legal", "acronym")
# A curator's words, and words of every field, count in every question.
ANY_FIELD = "general"
_FIELDS = ("general", "company", "governance", "arbitration", "accounting", "statements", "tax")
_ENGLISH = "english"


@dataclass(frozen=True, slots=True)
class WordGroup:
    """What people say for one thing, and what the texts say for it."""

    said: tuple[str, ...]
    meant: tuple[str, ...]
    register: str
    field: str = ANY_FIELD


class LexiconDamaged(Exception):
    """A row of a lexicon file cannot be read; the message names file and row."""


@lru_cache(maxsize=1)
def groups_built_in() -> tuple[WordGroup, ...]:
    """Return the groups of all files. Raises LexiconDamaged."""
    return tuple(group for field in _FIELDS for group in groups_of(FOLDER / f"{field}.csv"))


def groups_of(path: Path) -> list[WordGroup]:
    """Return the groups of one file. Raises LexiconDamaged."""
    groups: list[WordGroup] = []
    for number, row in enumerate(_rows(path), start=1):
        if not row or row[0].startswith("#") or number == 1:
            continue
        if len(row) != 3 or row[2] not in REGISTERS or not all(listed(cell) for cell in row[:2]):
            message = f"{path.name}, row {number}: wanted said;meant;register with a register of {REGISTERS}"
            raise LexiconDamaged(message)
        groups.append(WordGroup(listed(row[0]), listed(row[1]), row[2], path.stem))
    return groups


@lru_cache(maxsize=1)
def english_words() -> dict[tuple[str, ...], str]:
    """Return the texts' French for English words, by the words in small letters. Raises LexiconDamaged."""
    words: dict[tuple[str, ...], str] = {}
    for number, row in enumerate(_rows(FOLDER / f"{_ENGLISH}.csv"), start=1):
        if number == 1 or not row:
            continue
        if len(row) != 2:
            message = f"{_ENGLISH}.csv, row {number}: wanted english;french"
            raise LexiconDamaged(message)
        words[tuple(row[0].split())] = row[1].strip()
    return words


@lru_cache(maxsize=1)
def files_revision() -> str:
    """Return what tells these files from any others, in eight hexadecimal digits."""
    digest = hashlib.sha256()
    for name in (*_FIELDS, _ENGLISH):
        digest.update((FOLDER / f"{name}.csv").read_bytes())
    return digest.hexdigest()[:8]


def listed(cell: str) -> tuple[str, ...]:
    """Return the forms that a cell lists with commas."""
    return tuple(form for form in (part.strip() for part in cell.split(",")) if form)


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=";"))
