"""Cut a parsed document into passages along its own structure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.knowledge.chunking.accounts import chunk_chart
from apps.knowledge.chunking.cut import Span, cut
from apps.knowledge.chunking.front import with_cover_as_text, without_own_code
from apps.knowledge.chunking.layout import lay_out
from apps.knowledge.chunking.sections import (
    Section,
    article_of,
    merge_small,
    outline_of,
    read_sections,
    without_bare_headings,
)
from apps.knowledge.chunking.types import Chunked, ChunkedPassage
from apps.knowledge.parsers.lawtext import StructureLine
from apps.knowledge.parsers.types import ParsedDocument
from apps.rag.understanding.caselaw import case_keys
from apps.rag.understanding.references import article_reference

# Whatever its kind, a document with this many articles is cut by them only when it is law:
# a course quotes articles, and what follows the quotation is not part of them.
_LAW_KINDS = frozenset(("law",))
_CASE_LAW = "case_law"
_FIRST = re.compile(r"^premier$", re.IGNORECASE)
_MAX_SHORT_TITLE = 40


@dataclass(frozen=True, slots=True)
class _Naming:
    """How the document is called in locators, its code for references (empty: none), the judgments that it is."""

    code: str
    title: str
    short: str
    cases: tuple[str, ...] = ()


def chunk(document: ParsedDocument, *, code: str = "", kind: str = "", plan: str = "", title: str = "") -> Chunked:
    """Cut `document` into passages with `plain_text[start:end] == text` for each.

    `code` is the short name of the text (AUSCGIE) that its article references use; `plan` names
    the chart of accounts, or `column:<name>` where the rows do.
    """
    if any(block.account is not None for block in document.blocks):
        return chunk_chart(document, plan=plan, title=title)
    blocks = tuple(without_own_code(document.blocks, code))
    if kind in _LAW_KINDS and document.format == "pdf":
        blocks = with_cover_as_text(blocks)
    plain_text, placed = lay_out(blocks, has_header_rows=document.format != "pdf")
    is_law = kind in _LAW_KINDS and any(
        article_of(block) is not None for block in placed if block.block.kind == "heading"
    )
    sections = without_bare_headings(read_sections(placed, is_law=is_law))
    sections = sections if is_law else merge_small(sections)
    # a judgment is found by its number, which its title tells
    cases = case_keys((title, document.title)) if kind == _CASE_LAW else ()
    naming = _Naming(code, title or document.title, short_title(title or document.title), cases)
    passages = tuple(_passages(sections, plain_text, naming))
    return Chunked(plain_text, passages, outline_of(placed), ())


def short_title(title: str) -> str:
    """What stands before the first bracket, comma or colon of a title, at most some forty characters."""
    head = re.split(r"\s*[(,:;]\s*|\s+[-–—]\s+", title.strip(), maxsplit=1)[0]
    if len(head) <= _MAX_SHORT_TITLE:
        return head
    return head[:_MAX_SHORT_TITLE].rsplit(" ", 1)[0] + "…"


def _passages(sections: Sequence[Section], plain_text: str, naming: _Naming) -> Iterator[ChunkedPassage]:
    ordinal = 0
    for section in sections:
        spans = cut(section.body, plain_text)
        for number, span in enumerate(spans, start=1):
            part = f" ({number}/{len(spans)})" if len(spans) > 1 else ""
            yield _passage(section, span, part, ordinal, naming=naming, plain_text=plain_text)
            ordinal += 1


def _passage(
    section: Section, span: Span, part: str, ordinal: int, *, naming: _Naming, plain_text: str
) -> ChunkedPassage:
    text = plain_text[span.start : span.end]
    article = section.article
    locator = (_article_locator(article, naming) if article else _section_locator(section, span, naming)) + part
    search_parts = (*_headings(section, naming), _aliases(article, locator), text)
    return ChunkedPassage(
        ordinal=ordinal,
        text=text,
        locator=locator,
        heading_path=section.path,
        page=span.page,
        span=(span.start, span.end),
        token_count=span.n_tokens,
        references=(*_references(article, naming), *naming.cases),
        search_text="\n".join(line for line in search_parts if line),
    )


def _headings(section: Section, naming: _Naming) -> tuple[str, ...]:
    path = " > ".join(section.path)
    return (path,) if naming.title and naming.title in section.path else (naming.title, path)


def _number(article: StructureLine) -> str:
    number = _FIRST.sub("1er", article.number)
    return f"{number} {article.qualifier}".strip()


def _article_locator(article: StructureLine, naming: _Naming) -> str:
    prefix = naming.code or naming.short
    return f"{prefix} art. {_number(article)}" if prefix else f"art. {_number(article)}"


def _section_locator(section: Section, span: Span, naming: _Naming) -> str:
    """The nearest heading, else the page, else the document itself."""
    if section.path:
        return section.path[-1]
    return f"p. {span.page}" if span.page is not None else naming.short or "§ 1"


def _aliases(article: StructureLine | None, locator: str) -> str:
    return f"{locator} - article {_number(article)}" if article else ""


def _references(article: StructureLine | None, naming: _Naming) -> tuple[str, ...]:
    """None without a code, nor for another act's article that a code reprints (`Article 202 AU/DCG`)."""
    if article is None or not naming.code or "/" in article.qualifier:
        return ()
    return (article_reference(naming.code, article.number),)
