"""Turn recognised structure lines and styles into heading blocks with levels."""

from collections.abc import Sequence

from apps.knowledge.parsers.lawtext import ARTICLE_RANK, StructureLine, read_structure
from apps.knowledge.parsers.pdf_paragraphs import Piece
from apps.knowledge.parsers.types import Block

# From this many articles on a document is built as law: what merely looks like a heading inside
# an article is its title.
_LAW_ARTICLES = 3


def block_headings(pieces: Sequence[Piece]) -> tuple[Block, ...]:
    """Give blocks for pieces; levels count from 1 without holes."""
    is_law = sum(_is_article(piece) for piece in pieces) >= _LAW_ARTICLES
    levels = _levels(pieces, is_law=is_law)
    blocks: list[Block] = []
    for index, piece in enumerate(pieces):
        if not piece.text:
            continue
        if piece.structure is not None:
            blocks += structure_blocks(
                read_structure(piece.text) or piece.structure, piece.page, levels[_key(piece, is_law=is_law)]
            )
        elif piece.kind == "heading" and (not is_law or _leads(pieces, index)):
            blocks.append(Block("heading", piece.text, level=levels[_key(piece, is_law=is_law)], page=piece.page))
        elif piece.kind == "table":
            blocks.append(Block("table", piece.text, page=piece.page, rows=piece.rows))
        else:
            blocks.append(_plain_block(piece))
    return tuple(blocks)


def structure_blocks(structure: StructureLine, page: int | None, level: int) -> list[Block]:
    """A division is one heading with its title; an article's text becomes a paragraph of its own."""
    if structure.rank != ARTICLE_RANK:
        title = f"{structure.label} - {structure.rest}" if structure.rest else structure.label
        return [Block("heading", title, level=level, page=page, label=structure.label)]
    heading = Block("heading", structure.label, level=level, page=page, label=structure.label)
    return [heading, Block("paragraph", structure.rest, page=page)] if structure.rest else [heading]


def _plain_block(piece: Piece) -> Block:
    if piece.kind == "list":
        return Block("list", piece.text, page=piece.page)
    if piece.kind == "footnote":
        return Block("footnote", piece.text, page=piece.page)
    return Block("paragraph", piece.text, page=piece.page)


def _is_article(piece: Piece) -> bool:
    return piece.structure is not None and piece.structure.rank == ARTICLE_RANK


def _leads(pieces: Sequence[Piece], index: int) -> bool:
    """In law, a heading without a mark must be followed by an article or a division, not follow an article."""
    if index and _is_article(pieces[index - 1]):
        return False
    following = pieces[index + 1] if index + 1 < len(pieces) else None
    return index == 0 or (following is not None and (following.structure is not None or following.kind == "heading"))


def _key(piece: Piece, *, is_law: bool) -> tuple[int, int, int]:
    """Sorts headings from high to low: by rank where marked, by letters' size where not."""
    if piece.structure is not None:
        return (0 if is_law else 1, piece.structure.rank, 0) if piece.structure.rank < ARTICLE_RANK else (3, 0, 0)
    return (2, -piece.style[0], 0 if piece.style[1] else 1)


def _levels(pieces: Sequence[Piece], *, is_law: bool) -> dict[tuple[int, int, int], int]:
    keys = sorted({_key(piece, is_law=is_law) for piece in pieces if piece.kind == "heading"})
    return {key: level for level, key in enumerate(keys, start=1)}
