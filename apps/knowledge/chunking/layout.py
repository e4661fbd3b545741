"""Lay a document's blocks out as its one plain text, each block knowing its place in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from apps.knowledge.chunking.tokens import count_tokens, fits
from apps.knowledge.parsers.types import Block

# Between these kinds one line break keeps what belongs together together.
_TIGHT = frozenset(("list", "table"))
_ROW_SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Placed:
    """A block at `plain_text[start:end]`."""

    block: Block
    start: int
    end: int
    n_tokens: int


def lay_out(blocks: Iterable[Block], *, has_header_rows: bool = True) -> tuple[str, tuple[Placed, ...]]:
    """Join the blocks' texts by one or two line breaks and tell where each stands.

    `has_header_rows`: whether a table's first row is its header, to be repeated where it is split.
    """
    pieces: list[str] = []
    placed: list[Placed] = []
    position = 0
    previous: Block | None = None
    for block in _with_split_tables(blocks, has_header_rows=has_header_rows):
        text = block.text.strip()
        if not text:
            continue
        gap = "" if previous is None else _gap(previous, block)
        start = position + len(gap)
        position = start + len(text)
        pieces += [gap, text]
        placed.append(Placed(block, start, position, count_tokens(text)))
        previous = block
    return "".join(pieces), tuple(placed)


def _gap(previous: Block, block: Block) -> str:
    is_tight = block.kind in _TIGHT and (previous.kind == block.kind or previous.text.endswith(":"))
    return "\n" if is_tight and block.kind == "list" else "\n\n"


def _with_split_tables(blocks: Iterable[Block], *, has_header_rows: bool) -> Iterator[Block]:
    """A table too long for one passage becomes several, each beginning with its header row."""
    for block in blocks:
        if block.kind == "table" and len(block.rows) > 2 and not fits(count_tokens(block.text), with_slack=True):
            yield from _split_table(block, has_header_row=has_header_rows)
        else:
            yield block


def _split_table(block: Block, *, has_header_row: bool) -> Iterator[Block]:
    header, rows = block.rows[0], block.rows[1:]
    header_tokens = count_tokens(row_text(header))
    # A header as long as a passage is no header: the rows then go on without it.
    repeats = has_header_row and fits(header_tokens * 4)
    start = [header] if repeats else []
    held = list(start) if repeats else [header]
    n_tokens = header_tokens
    for row in rows:
        row_tokens = count_tokens(row_text(row))
        if len(held) > len(start) and not fits(n_tokens + row_tokens):
            yield _table(block, held)
            held, n_tokens = list(start), header_tokens if repeats else 0
        held.append(row)
        n_tokens += row_tokens
    yield _table(block, held)


def _table(block: Block, rows: Sequence[tuple[str, ...]]) -> Block:
    text = "\n".join(line for line in map(row_text, rows) if line)
    return replace(block, text=text, rows=tuple(rows))


def row_text(cells: Sequence[str]) -> str:
    return _ROW_SEPARATOR.join(cells).rstrip(" |")
