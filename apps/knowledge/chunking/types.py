"""What chunking returns."""

from dataclasses import dataclass
from datetime import date

# Raised by one whenever the same blocks can yield other passages than before.
CHUNKER_REVISION = 5


@dataclass(frozen=True, slots=True)
class ChunkedPassage:
    """One passage; `plain_text[span[0]:span[1]] == text` always holds.

    Span in code points. `in_force` (half open, None = as the version's) only where it differs from
    the version's. `plan` is the chart's plan key, empty outside charts. `search_text` is what full text
    and embedding read: headings, locator and aliases before the text.
    """

    ordinal: int
    text: str
    locator: str
    heading_path: tuple[str, ...]
    page: int | None
    span: tuple[int, int]
    token_count: int
    references: tuple[str, ...]
    search_text: str
    plan: str = ""
    in_force: tuple[date | None, date | None] | None = None


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A heading of the document; `start` is a code point in `plain_text`, `level` from 1."""

    title: str
    level: int
    start: int


@dataclass(frozen=True, slots=True)
class ParsedAccount:
    """An account of a chart; `parent` is the longest shorter number that has a row, else empty."""

    number: str
    label: str
    account_class: int
    parent: str
    plan: str
    in_force: tuple[date | None, date | None] | None = None


@dataclass(frozen=True, slots=True)
class Chunked:
    """A document cut up; passages ordered by span, spans do not overlap."""

    plain_text: str
    passages: tuple[ChunkedPassage, ...]
    outline: tuple[OutlineEntry, ...]
    accounts: tuple[ParsedAccount, ...]
