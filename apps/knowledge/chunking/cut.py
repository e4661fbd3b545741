"""Cut a run of blocks into spans of at most about 500 tokens, at the gentlest place there is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.knowledge.chunking.layout import Placed
from apps.knowledge.chunking.tokens import MAX_TOKENS, MIN_TOKENS, count_tokens, fits

_LINE_END = re.compile(r"\n+")
_SENTENCE_END = re.compile(r"(?<=[.;:!?»])\s+(?=[A-ZÀ-Þ«\"(\d-])")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Span:
    """`plain_text[start:end]` with its first page."""

    start: int
    end: int
    page: int | None
    n_tokens: int


def cut(blocks: Sequence[Placed], plain_text: str) -> tuple[Span, ...]:
    """Fill spans with whole blocks; only a block that is too long alone is cut inside."""
    units = [unit for block in blocks for unit in _units(block, plain_text)]
    if fits(sum(unit.n_tokens for unit in units), with_slack=True):
        return (_joined(units),) if units else ()
    spans: list[Span] = []
    held: list[Span] = []
    for unit in units:
        if held and not fits(sum(part.n_tokens for part in held) + unit.n_tokens):
            spans.append(_joined(held))
            held = []
        held.append(unit)
    spans.append(_joined(held))
    return _without_scrap(spans)


def _without_scrap(spans: list[Span]) -> tuple[Span, ...]:
    """Join a last span of a few words to the one before it."""
    if (
        len(spans) > 1
        and spans[-1].n_tokens < MIN_TOKENS
        and fits(spans[-2].n_tokens + spans[-1].n_tokens, with_slack=True)
    ):
        spans[-2:] = [_joined(spans[-2:])]
    return tuple(spans)


def _joined(units: Sequence[Span]) -> Span:
    return Span(units[0].start, units[-1].end, units[0].page, sum(unit.n_tokens for unit in units))


def _units(placed: Placed, plain_text: str) -> Iterator[Span]:
    if fits(placed.n_tokens, with_slack=True):
        yield Span(placed.start, placed.end, placed.block.page, placed.n_tokens)
        return
    yield from _parts(placed.start, placed.end, placed.block.page, plain_text, (_LINE_END, _SENTENCE_END, _SPACE))


def _parts(
    start: int, end: int, page: int | None, plain_text: str, breaks: Sequence[re.Pattern[str]]
) -> Iterator[Span]:
    """Cut at lines, then sentences, then words, then anywhere, whichever first is short enough."""
    n_tokens = count_tokens(plain_text[start:end])
    if fits(n_tokens):
        yield Span(start, end, page, n_tokens)
        return
    if not breaks:
        # One word of more than 500 tokens: an unbroken run of signs.
        for position in range(start, end, MAX_TOKENS):
            stop = min(position + MAX_TOKENS, end)
            yield Span(position, stop, page, count_tokens(plain_text[position:stop]))
        return
    yield from _grouped(start, end, page, plain_text, breaks)


def _grouped(
    start: int, end: int, page: int | None, plain_text: str, breaks: Sequence[re.Pattern[str]]
) -> Iterator[Span]:
    held_start, held_end, held_tokens = start, start, 0
    for piece_start, piece_end in _pieces(start, end, plain_text, breaks[0]):
        n_tokens = count_tokens(plain_text[piece_start:piece_end])
        if held_tokens and not fits(held_tokens + n_tokens):
            yield Span(held_start, held_end, page, held_tokens)
            held_start, held_tokens = piece_start, 0
        if not fits(n_tokens):
            yield from _parts(piece_start, piece_end, page, plain_text, breaks[1:])
            held_start, held_end, held_tokens = piece_end, piece_end, 0
            continue
        if not held_tokens:
            held_start = piece_start
        held_end, held_tokens = piece_end, held_tokens + n_tokens
    if held_tokens:
        yield Span(held_start, held_end, page, held_tokens)


def _pieces(start: int, end: int, plain_text: str, break_at: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    position = start
    for match in break_at.finditer(plain_text, start, end):
        if match.start() > position:
            yield position, match.start()
        position = match.end()
    if position < end:
        yield position, end
