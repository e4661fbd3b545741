"""Building of the reader page's values: lines with their marks, the outline near a place, standing."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.urls import reverse

from apps.knowledge.models import DocumentVersion, Passage
from apps.knowledge.periods import of_passage, period_of
from apps.knowledge.types import ReaderHeading, ReaderPassage, ReaderRun, ReaderVersion, Standing
from apps.rag.types import InForce, Span, display_locator

Outline = Sequence[tuple[str, int, int]]


def citation_url(version_id: UUID, start: int, end: int) -> str:
    """Return the address at which a span of a version's text is shown."""
    return f"{reverse('knowledge:reader', args=[version_id])}?start={start}&end={end}#passage"


def standing_of(version: DocumentVersion, period: InForce, day: date) -> Standing:
    """Tell how a version, or a passage of it, stands on a day: a draft or withdrawn, else by its period in force where
    one is known."""
    if version.state != DocumentVersion.State.PUBLISHED:
        return "draft" if version.state == DocumentVersion.State.DRAFT else "withdrawn"
    if period.start and day < period.start:
        return "upcoming"
    if period.end and period.end <= day:
        return "repealed"
    if period.end:
        return "ending"
    return "in_force" if period.start else "undated"


def passage_shown(passage: Passage, *, code: str, version: InForce, span: Span, is_target: bool) -> ReaderPassage:
    """Return a passage cut into lines and runs, with the part of `span` that lies in it marked.

    `version` is the period in force of the version that it is of.
    """
    # A correction has other positions than the text that the span points into.
    marked = Span(0, 0) if passage.edited_text else Span(span.start - passage.span_start, span.end - passage.span_start)
    return ReaderPassage(
        ordinal=passage.ordinal,
        locator=display_locator(passage.locator, code),
        heading_path=tuple(passage.heading_path),
        page=passage.page,
        start=passage.span_start,
        end=passage.span_end,
        lines=tuple(_lines(passage.current_text, marked)),
        is_target=is_target,
        is_edited=bool(passage.edited_text),
        url=citation_url(passage.version_id, passage.span_start, passage.span_end),
        in_force=of_passage(version, passage.in_force),
    )


def _lines(text: str, marked: Span) -> Iterator[tuple[ReaderRun, ...]]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            runs = _runs(line, Span(marked.start - start, marked.end - start))
            yield tuple(run for run in runs if run.text)
        start += len(line) + 1


def _runs(line: str, marked: Span) -> tuple[ReaderRun, ...]:
    first = min(max(marked.start, 0), len(line))
    last = min(max(marked.end, first), len(line))
    return (
        ReaderRun(line[:first], is_marked=False),
        ReaderRun(line[first:last], is_marked=True),
        ReaderRun(line[last:], is_marked=False),
    )


def outline_near(outline: Outline, start: int, version_id: UUID) -> tuple[ReaderHeading, ...]:
    """Return the outline with only the branch open that holds `start`: a code has a thousand headings."""
    parents = _parents(outline)
    depths = _depths(parents)
    current = next((index for index in reversed(range(len(outline))) if outline[index][2] <= start), -1)
    is_open = {-1}
    branch = current
    while branch >= 0:
        is_open.add(branch)
        branch = parents[branch]
    return tuple(
        ReaderHeading(title, depths[index], citation_url(version_id, begin, begin), is_current=index == current)
        for index, (title, _level, begin) in enumerate(outline)
        if parents[index] in is_open
    )


def _parents(outline: Outline) -> list[int]:
    """Return for each heading the index of the one above it, -1 at the top."""
    parents: list[int] = []
    branch: list[int] = []
    for index, (_title, level, _start) in enumerate(outline):
        while branch and outline[branch[-1]][1] >= level:
            branch.pop()
        parents.append(branch[-1] if branch else -1)
        branch.append(index)
    return parents


def _depths(parents: Sequence[int]) -> list[int]:
    """Return how deep each heading stands, from 1: levels of a text leave gaps (a chapter's article is no section)."""
    depths: list[int] = []
    for parent in parents:
        depths.append(1 if parent < 0 else depths[parent] + 1)
    return depths


def last_day(end: date | None) -> date | None:
    """Return the last day of a period that ends before `end`."""
    return end - timedelta(days=1) if end else None


def version_shown(version: DocumentVersion, day: date, *, is_current: bool) -> ReaderVersion:
    """Return a version as a line of the document's history."""
    period = period_of(version.in_force)
    return ReaderVersion(
        number=version.number,
        title=version.title,
        start=period.start,
        last_day=last_day(period.end),
        standing=standing_of(version, period, day),
        url=citation_url(version.pk, 0, 0),
        is_current=is_current,
    )
