"""Follow a document's headings: sections with their heading path and, in law, their article."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from apps.knowledge.chunking.layout import Placed
from apps.knowledge.chunking.tokens import MIN_TOKENS, fits
from apps.knowledge.chunking.types import OutlineEntry
from apps.knowledge.parsers.lawtext import StructureLine, read_structure

_MAX_TITLE = 300


@dataclass(frozen=True, slots=True)
class Section:
    """A run of blocks under one heading; `body` may hold the heading itself where it has no text.

    `path` without the article's own line. `article` only in law.
    """

    path: tuple[str, ...]
    body: tuple[Placed, ...]
    article: StructureLine | None = None

    @property
    def n_tokens(self) -> int:
        return sum(placed.n_tokens for placed in self.body)


def read_sections(placed: Sequence[Placed], *, is_law: bool) -> tuple[Section, ...]:
    """Split at every heading. In law an article's section also holds the headings inside it."""
    sections: list[Section] = []
    stack: list[tuple[int, str]] = []
    article: StructureLine | None = None
    body: list[Placed] = []
    heading: Placed | None = None
    for block in placed:
        if block.block.kind != "heading":
            body.append(block)
            continue
        sections += _section(stack, body, article, heading)
        body, heading = [], block
        article = article_of(block) if is_law else None
        level = block.block.level or len(stack) + 1
        stack = [entry for entry in stack if entry[0] < level]
        if article is None:
            stack = [*stack, (level, block.block.text[:_MAX_TITLE])]
    sections += _section(stack, body, article, heading)
    return tuple(sections)


def _section(
    stack: list[tuple[int, str]], body: list[Placed], article: StructureLine | None, heading: Placed | None
) -> Iterator[Section]:
    path = tuple(title for _, title in stack)
    if body:
        yield Section(path, tuple(body), article)
    elif heading is not None and article is None:
        # Nothing under this heading but perhaps other headings: kept for `with_bare_headings`.
        yield Section(path, (heading,))


def article_of(placed: Placed) -> StructureLine | None:
    """The article that a heading opens, None for every other heading."""
    structure = read_structure(placed.block.label) if placed.block.label else None
    return structure if structure is not None and structure.number else None


def without_bare_headings(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Drop headings that only lead to deeper ones; they stand in the paths of those."""
    kept = [
        section
        for section, following in zip_longest(sections, sections[1:])
        if not _is_bare(section) or following is None or following.path[: len(section.path)] != section.path
    ]
    return tuple(kept)


def _is_bare(section: Section) -> bool:
    return all(placed.block.kind == "heading" for placed in section.body)


def merge_small(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Join sections of a few words to the next one under the same parent."""
    merged: list[Section] = []
    for section in sections:
        last = merged[-1] if merged else None
        if last is not None and _may_merge(last, section):
            merged[-1] = Section(last.path, last.body + section.body)
        else:
            merged.append(section)
    return tuple(merged)


def _may_merge(last: Section, section: Section) -> bool:
    if (
        last.article
        or section.article
        or last.n_tokens >= MIN_TOKENS // 2
        or not fits(last.n_tokens + section.n_tokens)
    ):
        return False
    parent = last.path[:-1]
    return bool(last.path) and section.path[: len(parent)] == parent


def outline_of(placed: Sequence[Placed], *, with_articles: bool = True) -> tuple[OutlineEntry, ...]:
    return tuple(
        OutlineEntry(block.block.text[:_MAX_TITLE], block.block.level or 1, block.start)
        for block in placed
        if block.block.kind == "heading" and (with_articles or article_of(block) is None)
    )
