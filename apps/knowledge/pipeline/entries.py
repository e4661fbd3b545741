"""A version's passages as the engine takes them."""

from collections.abc import Iterable

from apps.knowledge.models import DocumentVersion, Passage
from apps.knowledge.periods import is_some_day, of_passage, period_of
from apps.rag.types import NewEntry, Span


def entries_of(version: DocumentVersion, passages: Iterable[Passage]) -> tuple[NewEntry, ...]:
    """Return the searchable passages among `passages`: not hidden, and in force on some day.

    `version` comes with its document loaded.
    """
    entries = (_entry(version, passage) for passage in passages if not passage.is_hidden)
    return tuple(entry for entry in entries if is_some_day(entry.in_force))


def _entry(version: DocumentVersion, passage: Passage) -> NewEntry:
    document = version.document
    return NewEntry(
        passage_id=passage.pk,
        document_id=document.pk,
        version_id=version.pk,
        namespace=document.namespace_id,
        organisation_id=document.organisation_id,
        country=document.country or None,
        kind=document.kind,
        code=document.code,
        document_title=version.title,
        locator=passage.locator,
        heading_path=tuple(passage.heading_path),
        ordinal=passage.ordinal,
        page=passage.page,
        span=Span(passage.span_start, passage.span_end),
        in_force=of_passage(period_of(version.in_force), passage.in_force),
        plan=passage.plan,
        text=passage.current_text,
        references=tuple(passage.references),
        search_text=_search_text(passage),
    )


def _search_text(passage: Passage) -> str:
    if not passage.edited_text:
        return passage.search_text
    # What stands before the text (headings, locator, aliases) stays with the correction.
    head, found, tail = passage.search_text.partition(passage.text)
    return f"{head}{passage.edited_text}{tail}" if found else f"{passage.locator}\n{passage.edited_text}"
