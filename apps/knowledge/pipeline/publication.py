"""When a version begins and ceases to be searchable. Every function belongs to the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models.functions import Now

from apps.knowledge.errors import NotPublishable, PeriodOverlaps
from apps.knowledge.models import Document, DocumentVersion
from apps.knowledge.periods import overlap, period_of
from apps.rag import indexer
from apps.rag.types import InForce
from kauri.lib import outbox


@dataclass(frozen=True, slots=True)
class _Room:
    """What publishing does to the periods: this version's end, and what becomes of the others."""

    end: date | None
    limited: tuple[UUID, ...]
    replaced: tuple[UUID, ...]


def version_publish(version_id: UUID) -> None:
    """Make a version searchable and end or withdraw what it replaces; does nothing the second time.

    The document's row stays locked until the commit, so that two versions never share a day.
    Raises NotPublishable, PeriodOverlaps.
    """
    document = Document.objects.select_for_update().get(versions=version_id)
    version = DocumentVersion.objects.select_for_update().get(pk=version_id)
    if version.state == DocumentVersion.State.PUBLISHED:
        return
    if version.state != DocumentVersion.State.DRAFT or not version.is_read:
        raise NotPublishable
    period = period_of(version.in_force)
    room = _make_room(period, DocumentVersion.objects.filter(document=document, state=DocumentVersion.State.PUBLISHED))
    for replaced in room.replaced:
        _withdraw(document, replaced)
    for limited in room.limited:
        _limit(limited, period.start)
    if room.end != period.end:
        _limit(version_id, room.end)
    indexer.version_publish(version_id)
    DocumentVersion.objects.filter(pk=version_id).update(state=DocumentVersion.State.PUBLISHED, published_at=Now())
    _tell_the_past_once(document)
    document.state = Document.State.PUBLISHED
    if room.end is None:
        document.title = version.title
    document.save()
    _announce("knowledge.document.published", document, version_id)


def version_withdraw(version_id: UUID) -> None:
    """Take a version out of every search, whatever its state; its text can still be read."""
    document = Document.objects.select_for_update().get(versions=version_id)
    _withdraw(document, version_id)
    published = document.versions.filter(state=DocumentVersion.State.PUBLISHED).exists()
    document.state = Document.State.PUBLISHED if published else Document.State.WITHDRAWN
    document.save()


def _make_room(period: InForce, published: Iterable[DocumentVersion]) -> _Room:
    end = period.end
    limited: list[UUID] = []
    replaced: list[UUID] = []
    for other in published:
        theirs = period_of(other.in_force)
        if not overlap(period, theirs):
            continue
        if period.start is not None and (theirs.start is None or theirs.start < period.start):
            # The older text goes on until the day this one begins; it cannot come back after it.
            if period.end is not None and (theirs.end is None or theirs.end > period.end):
                raise PeriodOverlaps
            limited.append(other.pk)
        elif period.start is not None and theirs.start is not None and theirs.start > period.start:
            # An older text that is added later ends where the newer one begins.
            if period.end is not None:
                raise PeriodOverlaps
            end = min(end, theirs.start) if end else theirs.start
        else:
            replaced.append(other.pk)
    return _Room(end, tuple(limited), tuple(replaced))


def _tell_the_past_once(document: Document) -> None:
    """Leave law from before its version's own days, such as the former chart beside the revised one, to the newest
    version that prints it: else each version's would be found on the same days."""
    is_told = False
    for version in document.versions.filter(state=DocumentVersion.State.PUBLISHED).order_by("-in_force"):
        start = version.in_force.lower
        if start is None:
            continue
        if is_told:
            indexer.version_withdraw_ended(version.pk, start)
        is_told = is_told or version.passages.filter(in_force__endswith__lte=start).exists()


def _limit(version_id: UUID, end: date | None) -> None:
    if end is None:
        return
    version = DocumentVersion.objects.get(pk=version_id)
    DocumentVersion.objects.filter(pk=version_id).update(in_force=DateRange(version.in_force.lower, end))
    indexer.version_limit(version_id, end)


def _withdraw(document: Document, version_id: UUID) -> None:
    changed = (
        DocumentVersion.objects.filter(pk=version_id)
        .exclude(state=DocumentVersion.State.WITHDRAWN)
        .update(state=DocumentVersion.State.WITHDRAWN)
    )
    if changed:
        indexer.version_withdraw(version_id)
        indexer.version_discard(version_id)
        _announce("knowledge.document.withdrawn", document, version_id)


def _announce(event: str, document: Document, version_id: UUID) -> None:
    payload = {"document_id": str(document.pk), "version_id": str(version_id), "namespace": document.namespace_id}
    outbox.publish(type=event, aggregate_id=document.pk, payload=payload)
