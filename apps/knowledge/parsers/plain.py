"""Markdown and plain text."""

import re
from collections.abc import Iterator, Sequence
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.knowledge.parsers.cleaning import clean_line, clean_lines
from apps.knowledge.parsers.headings import structure_blocks
from apps.knowledge.parsers.lawtext import read_structure
from apps.knowledge.parsers.types import Block, ParsedDocument

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title\s*:\s*(.+?)\s*$|^titre\s*:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
# [ \t] and not \s, which runs over empty lines: a file of nothing else took minutes.
_MARKDOWN_SIGN = re.compile(
    r"^#{1,6} \S|^```|^~~~|^[ \t]*\|.*\|[ \t]*$|^(?:={3,}|-{3,})[ \t]*$|\[[^\]\n]+\]\([^)\n]+\)|\*\*\S", re.MULTILINE
)
_TAG = re.compile(r"<[^>]{0,2000}>")
_LIST_MARK = re.compile(r"^\s*(?:[-–—•*▪·]\s+|\(?(?:\d{1,3}|[a-zA-Z])[.°)]\)?\s)")
# From this many lines with Markdown's own signs a text is Markdown, otherwise its lines stand for themselves.
_MIN_SIGNS = 2
# Deeper nesting than any reader follows; markdown-it stops there instead of exhausting the stack.
_MAX_NESTING = 40


def read_plain(text: str) -> ParsedDocument:
    """Read Markdown where the text uses it, else plain paragraphs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    front, body = _split_front_matter(text)
    if front or len(_MARKDOWN_SIGN.findall(body)) >= _MIN_SIGNS or re.match(r"\s*# \S", body):
        blocks = tuple(_markdown_blocks(body))
        return ParsedDocument("markdown", blocks, title=front or _first_heading(blocks))
    return ParsedDocument("text", tuple(_text_blocks(body)))


def _split_front_matter(text: str) -> tuple[str, str]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        return "", text
    title = _FRONT_TITLE.search(match[1])
    return clean_line((title[1] or title[2]).strip("\"'")) if title else "", text[match.end() :]


def _first_heading(blocks: Sequence[Block]) -> str:
    first = blocks[0] if blocks else None
    return first.text if first is not None and first.kind == "heading" and first.level == 1 else ""


def _markdown_blocks(text: str) -> Iterator[Block]:
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
    tokens = parser.parse(text)
    index = 0
    lists: list[int | None] = []
    while index < len(tokens):
        token = tokens[index]
        if token.type == "table_open":
            stop = _closing(tokens, index, "table_close")
            yield from _table(tokens[index:stop])
            index = stop
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(int(token.attrGet("start") or 1) if token.type.startswith("ordered") else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            index += _mark_next(tokens, index, lists)
        elif token.type == "heading_open":
            yield from _heading(_inline_text(tokens[index + 1]), int(token.tag[1:]))
        elif token.type == "inline" and tokens[index - 1].type != "heading_open":
            yield from _paragraph(_inline_text(token), depth=len(lists), mark=str(token.meta.get("mark", "")))
        elif token.type in ("fence", "code_block", "html_block"):
            yield from _raw(token)
        index += 1


def _closing(tokens: Sequence[Token], index: int, kind: str) -> int:
    while index < len(tokens) - 1 and tokens[index].type != kind:
        index += 1
    return index


def _mark_next(tokens: Sequence[Token], index: int, lists: list[int | None]) -> int:
    """Note the entry's mark on its first text, so that numbers stay in the text."""
    number = lists[-1] if lists else None
    mark = "-" if number is None else f"{number}."
    if number is not None:
        lists[-1] = number + 1
    for following in tokens[index + 1 : index + 3]:
        if following.type == "inline":
            following.meta["mark"] = mark
            break
    return 0


def _inline_text(token: Token) -> str:
    pieces: list[str] = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            pieces.append("\n" if child.type == "hardbreak" else " ")
        elif child.type == "html_inline":
            pieces.append("\n" if child.content.lower().startswith("<br") else "")
        else:
            pieces.append(child.content)
    return "".join(pieces)


def _heading(text: str, level: int) -> Iterator[Block]:
    cleaned = clean_line(text)
    structure = read_structure(cleaned)
    if structure is not None and structure.number:
        yield from structure_blocks(structure, None, level)
    elif cleaned:
        yield Block("heading", cleaned, level=level, label=structure.label if structure else "")


def _paragraph(text: str, *, depth: int, mark: str) -> Iterator[Block]:
    cleaned = clean_lines(text)
    if not cleaned:
        return
    if depth:
        yield Block("list", f"{mark} {cleaned}" if mark else cleaned, level=depth)
        return
    structure = read_structure(cleaned)
    if structure is not None and structure.number:
        yield from structure_blocks(structure, None, 6)
    else:
        yield Block("paragraph", cleaned)


def _raw(token: Token) -> Iterator[Block]:
    content = unescape(_TAG.sub(" ", token.content)) if token.type == "html_block" else token.content
    cleaned = clean_lines(content)
    if cleaned:
        yield Block("paragraph", cleaned)


def _table(tokens: Sequence[Token]) -> Iterator[Block]:
    rows: list[tuple[str, ...]] = []
    cells: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append(clean_line(_inline_text(token)))
        elif token.type == "tr_close":
            rows.append(tuple(cells))
    yield table_block(rows)


def table_block(rows: Sequence[tuple[str, ...]]) -> Block:
    """A table as a block: one line a row, empty cells at a row's end left out of the text."""
    lines = (" | ".join(cells).rstrip(" |") for cells in rows)
    return Block("table", "\n".join(line for line in lines if line), rows=tuple(rows))


def _text_blocks(text: str) -> Iterator[Block]:
    lines = text.split("\n")
    width = max((len(line) for line in lines), default=0)
    # Lines broken at a fixed width belong together; long lines are paragraphs of their own.
    is_wrapped = 50 <= width <= 130
    for group in _line_groups(lines, is_wrapped=is_wrapped, width=width):
        yield from _text_block(clean_lines("\n".join(group)) if not is_wrapped else clean_line(" ".join(group)))


def _line_groups(lines: Sequence[str], *, is_wrapped: bool, width: int) -> Iterator[list[str]]:
    group: list[str] = []
    for line in lines:
        starts = not line.strip() or read_structure(line) is not None or _LIST_MARK.match(line) is not None
        if group and (starts or not is_wrapped or len(group[-1]) < 0.6 * width):
            yield group
            group = []
        if line.strip():
            group.append(line)
    if group:
        yield group


def _text_block(text: str) -> Iterator[Block]:
    if not text:
        return
    structure = read_structure(text)
    if structure is not None:
        yield from structure_blocks(structure, None, structure.rank)
    elif _LIST_MARK.match(text):
        yield Block("list", text)
    else:
        yield Block("paragraph", text)
