"""What a parser returns. No Django here: the parsing child process imports this module."""

from dataclasses import dataclass
from typing import Literal

# Raised by one whenever the same file can yield other blocks than before.
PARSER_REVISION = 3

BlockKind = Literal["heading", "paragraph", "list", "table", "account", "footnote"]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One row of a chart of accounts; `plan` as the file wrote it, empty where it does not say."""

    number: str
    label: str
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One structural piece of a document, in reading order.

    `level` counts from 1 for headings (None when unknown) and for nested list entries.
    `page` counts from 1. `rows` only for tables (first row = header where the source says so);
    `text` of a table is its rows, cells joined by " | ", one row per line. `label` is the article
    or list mark as printed (`Art. 311`, `3.`).
    """

    kind: BlockKind
    text: str
    level: int | None = None
    page: int | None = None
    rows: tuple[tuple[str, ...], ...] = ()
    label: str = ""
    account: AccountRow | None = None


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A parsed file: `format` is docx, pdf, markdown, text or chart.

    `page_count` and `pages_without_text` are of PDFs only (None and 0 elsewhere).
    """

    format: str
    blocks: tuple[Block, ...]
    page_count: int | None = None
    title: str = ""
    pages_without_text: int = 0
