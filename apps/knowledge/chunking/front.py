"""What a printed law sets in large letters and is no part of its structure: its cover, its code beside articles."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from apps.knowledge.parsers.types import Block


def with_cover_as_text(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Turn the lines of a cover into paragraphs: several headings without a mark before any other text.

    As headings they would stand above every article of the preamble ("OHADA > ORGANISATION… > …").
    """
    cover = list(takewhile(lambda block: block.kind == "heading" and not block.label, blocks))
    if len(cover) < 2:
        return tuple(blocks)
    lines = (replace(block, kind="paragraph", level=None) for block in cover)
    return (*lines, *blocks[len(cover) :])


def without_own_code(blocks: Iterable[Block], code: str) -> Iterator[Block]:
    """Leave out the document's own code where it stands alone under a heading: "ARTICLE 430 COCC"."""
    previous: Block | None = None
    for block in blocks:
        is_code = block.kind == "paragraph" and block.text.strip(" .:").upper() == code.upper()
        if not (code and is_code and previous is not None and previous.label):
            yield block
        previous = block
