"""What a check of `manage.py doctor` says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: what was found, and what to do where something is to be done.

    `note` is worth knowing and stops nothing; `missing` makes the command's exit status 1.
    """

    name: str
    state: State
    found: str
    advice: str = ""


Check = Callable[[], Finding | None]  # None where there is nothing to speak of


def ok(name: str, found: object) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(name, "ok", str(found))


def note(name: str, found: object, advice: str = "") -> Finding:
    """Return a finding that Kauri runs with."""
    return Finding(name, "note", str(found), advice)


def missing(name: str, found: object, advice: str) -> Finding:
    """Return a finding that Kauri does not run with."""
    return Finding(name, "missing", str(found), advice)
