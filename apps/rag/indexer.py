"""What knowledge calls to make a version searchable, to change it and to withdraw it.

Every function is idempotent. `entries_embed` is slow and must not run in a transaction; the others are quick and
belong to the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Func, Q, QuerySet, Value

from apps.rag.embedding import entries_embed_missing
from apps.rag.models import Embedding, IndexChange, IndexEntry
from apps.rag.types import NewEntry
from kauri.lib.db import rows_of

Progress = Callable[[int, int], None]

# one number for the whole database: whoever writes the change log holds it until commit
_CHANGE_LOCK = 0x4B41_5552_49
# Part of every cached answer's key: what these namespaces' readers were told is told anew from this commit on.
# A time and no count: a database that is restored from a backup must not come by the numbers of what it lost.
_REVISE = """
    INSERT INTO rag_namespacerevision (namespace, revision)
    SELECT DISTINCT namespace, (extract(epoch FROM statement_timestamp()) * 1000000)::bigint
    FROM rag_indexentry WHERE id = ANY(%s::bigint[]) ORDER BY namespace
    ON CONFLICT (namespace) DO UPDATE
    SET revision = GREATEST(rag_namespacerevision.revision + 1, EXCLUDED.revision)
"""
_REVISIONS = "SELECT namespace, revision FROM rag_namespacerevision WHERE namespace = ANY(%(namespaces)s::text[])"
_PLAIN_FIELDS = (
    "document_id",
    "version_id",
    "namespace",
    "organisation_id",
    "country",
    "kind",
    "code",
    "document_title",
    "locator",
    "ordinal",
    "page",
    "plan",
    "text",
    "search_text",
)
_STAGED_FIELDS = (*_PLAIN_FIELDS, "heading_path", "references", "span_start", "span_end", "in_force")


@transaction.atomic
def entries_stage(entries: Sequence[NewEntry]) -> tuple[int, ...]:
    """Store entries as staged, not yet searchable, and return their ids in the order given.

    A passage that is already there is overwritten and keeps its state; its vectors go if its words changed.
    """
    passage_ids = [entry.passage_id for entry in entries]
    known = IndexEntry.objects.filter(passage_id__in=passage_ids)
    before = {pid: (words, state) for pid, words, state in known.values_list("passage_id", "search_text", "state")}
    _revise_left(entries)
    rows = IndexEntry.objects.bulk_create(
        [_row(entry) for entry in entries],
        update_conflicts=True,
        unique_fields=["passage_id"],
        update_fields=list(_STAGED_FIELDS),
        batch_size=500,
    )
    reworded = [row.pk for row in rows if before.get(row.passage_id, (row.search_text,))[0] != row.search_text]
    Embedding.objects.filter(entry__in=reworded).delete()
    was_live = [row.pk for row in rows if before.get(row.passage_id, ("", ""))[1] == IndexEntry.State.LIVE]
    _log(was_live, IndexChange.Operation.PUT)
    return tuple(row.pk for row in rows)


def _revise_left(entries: Sequence[NewEntry]) -> None:
    """Tell the readers of the namespaces that live entries are about to leave; `_log` tells those of the new ones."""
    left = Q()
    for namespace in {entry.namespace for entry in entries}:
        here = [entry.passage_id for entry in entries if entry.namespace == namespace]
        left |= Q(passage_id__in=here) & ~Q(namespace=namespace)
    leaving = IndexEntry.objects.filter(left, state=IndexEntry.State.LIVE).values_list("pk", flat=True)
    if entries and leaving:
        with connection.cursor() as cursor:
            _revise(cursor, list(leaving))


def entries_embed(version_id: UUID, *, progress: Progress | None = None) -> int:
    """Compute the vectors that a version's entries still lack; return how many entries got one.

    Works in small batches through the embedding cache, each written in its own short transaction;
    `progress(done, total)` is called after each. Returns 0 without an embedder. Raises EmbedderFailed.
    """
    entries = IndexEntry.objects.filter(version_id=version_id)
    return entries_embed_missing(entries, progress=progress, on_written=_tell_outside_stores)


def vectors_fill(limit: int) -> int:
    """Compute vectors that published entries lack, of at most `limit` entries; return of how many.

    They lack them where EMBEDDER was none when they came, or where the call after a correction was lost. Slow, as
    `entries_embed`. Raises EmbedderFailed.
    """
    entries = IndexEntry.objects.filter(state=IndexEntry.State.LIVE)
    return entries_embed_missing(entries, limit=limit, on_written=_tell_outside_stores)


@transaction.atomic
def _tell_outside_stores(entry_ids: Sequence[int]) -> None:
    """Log that entries which are found already got vectors now; a store that holds none of its own needs no word."""
    if settings.KAURI_VECTOR_STORE == "pgvector":
        return
    live = IndexEntry.objects.filter(pk__in=entry_ids, state=IndexEntry.State.LIVE)
    _log(list(live.values_list("pk", flat=True)), IndexChange.Operation.PUT)


@transaction.atomic
def version_publish(version_id: UUID) -> int:
    """Make a version's staged or withdrawn entries searchable; return how many changed."""
    waiting = IndexEntry.objects.filter(version_id=version_id).exclude(state=IndexEntry.State.LIVE)
    return _change(waiting, IndexEntry.State.LIVE, IndexChange.Operation.PUT)


@transaction.atomic
def version_withdraw(version_id: UUID) -> int:
    """Take a version's live entries out of every search; return how many changed."""
    live = IndexEntry.objects.filter(version_id=version_id, state=IndexEntry.State.LIVE)
    return _change(live, IndexEntry.State.WITHDRAWN, IndexChange.Operation.DELETE)


@transaction.atomic
def version_limit(version_id: UUID, in_force_end: date) -> int:
    """End a version's period in force on `in_force_end` (exclusive); return how many entries changed.

    Entries that end earlier keep their end; an entry that would begin after it is withdrawn.
    """
    entries = IndexEntry.objects.filter(version_id=version_id)
    overlapping: DateRange[date] = DateRange(in_force_end, None)
    changed = list(
        entries.filter(in_force__overlap=overlapping)
        # a period without a beginning has NULL here, which no comparison lets through
        .filter(Q(in_force__startswith=None) | Q(in_force__startswith__lt=in_force_end))
        .values_list("pk", "state")
    )
    limited: DateRange[date] = DateRange(None, in_force_end)
    entries.filter(pk__in=[pk for pk, _ in changed]).update(
        in_force=Func(F("in_force"), Value(limited), template="(%(expressions)s)", arg_joiner=" * ")
    )
    _log([pk for pk, state in changed if state == IndexEntry.State.LIVE], IndexChange.Operation.PUT)
    later = entries.filter(state=IndexEntry.State.LIVE, in_force__startswith__gte=in_force_end)
    return len(changed) + _change(later, IndexEntry.State.WITHDRAWN, IndexChange.Operation.DELETE)


@transaction.atomic
def version_withdraw_ended(version_id: UUID, day: date) -> int:
    """Take a version's live entries that ended on `day` or before it out of every search; return how many changed."""
    ended = IndexEntry.objects.filter(version_id=version_id, in_force__endswith__lte=day)
    return _change(ended.filter(state=IndexEntry.State.LIVE), IndexEntry.State.WITHDRAWN, IndexChange.Operation.DELETE)


@transaction.atomic
def version_discard(version_id: UUID) -> int:
    """Remove a version's staged entries and their vectors; return how many went."""
    staged = IndexEntry.objects.filter(version_id=version_id, state=IndexEntry.State.STAGED)
    n_staged = staged.count()
    staged.delete()
    return n_staged


@transaction.atomic
def version_remove(version_id: UUID) -> int:
    """Remove a version's entries and vectors in whatever state they are; return how many went."""
    version_withdraw(version_id)
    entries = IndexEntry.objects.filter(version_id=version_id)
    n_entries = entries.count()
    entries.delete()
    return n_entries


@transaction.atomic
def passage_replace(passage_id: UUID, entries: Sequence[NewEntry], *, is_live: bool) -> None:
    """Give one passage other words, or none: without an entry it is no longer found.

    Its vectors are forgotten; `entries_embed` computes them anew. `is_live` tells whether its version is published.
    """
    known = IndexEntry.objects.filter(passage_id=passage_id)
    if not entries:
        _change(known.filter(state=IndexEntry.State.LIVE), IndexEntry.State.WITHDRAWN, IndexChange.Operation.DELETE)
        known.filter(state=IndexEntry.State.STAGED).delete()
        return
    Embedding.objects.filter(entry__passage_id=passage_id).delete()
    (entry_id,) = entries_stage(entries)
    if is_live:
        _change(IndexEntry.objects.filter(pk=entry_id), IndexEntry.State.LIVE, IndexChange.Operation.PUT)


def entries_count(version_id: UUID) -> int:
    """Count a version's entries in any state."""
    return IndexEntry.objects.filter(version_id=version_id).count()


def _row(entry: NewEntry) -> IndexEntry:
    columns: dict[str, Any] = {name: getattr(entry, name) for name in _PLAIN_FIELDS}
    return IndexEntry(
        passage_id=entry.passage_id,
        heading_path=list(entry.heading_path),
        references=list(entry.references),
        span_start=entry.span.start,
        span_end=entry.span.end,
        in_force=DateRange(entry.in_force.start, entry.in_force.end),
        **columns,
    )


def revisions_of(namespaces: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return namespaces with their revisions as committed by now, sorted; those never written to are left out.

    A part of every cached answer's key. Raises DatabaseError.
    """
    return tuple(sorted(cast("list[tuple[str, int]]", rows_of(_REVISIONS, {"namespaces": list(namespaces)}))))


def _change(entries: QuerySet[IndexEntry], state: str, operation: str) -> int:
    changed = list(entries.order_by("pk").values_list("pk", flat=True))
    IndexEntry.objects.filter(pk__in=changed).update(state=state)
    _log(changed, operation)
    return len(changed)


def _log(entry_ids: Sequence[int], operation: str) -> None:
    if not entry_ids:
        return
    with connection.cursor() as cursor:
        _revise(cursor, entry_ids)
    IndexChange.objects.bulk_create(
        [IndexChange(entry_id=entry_id, operation=operation) for entry_id in entry_ids], batch_size=1_000
    )


def _revise(cursor: CursorWrapper, entry_ids: Sequence[int]) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHANGE_LOCK])
    cursor.execute(_REVISE, [list(entry_ids)])
