"""Changes the model that vectors are made with: another index beside the first, then one switch.

Answers go on from the index before until the switch. What was computed stays, so that a run that was killed goes on
where it stopped; documents that come meanwhile get their vectors in the index before, and in the new one before the
switch or right after.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from apps.rag.embedding import Progress, index_create, index_drop, index_fill, index_live
from apps.rag.errors import EmbedderFailed
from apps.rag.models import Embedding, Index, IndexEntry
from apps.rag.ports import Embedder

_LOCK = 0x4B41_5552_4A
_PATIENCE_S = 1.0
# Rounds that may each find documents that came during the one before; then the last few wait for the switch.
_MAX_ROUNDS = 20


class ReembeddingBusy(EmbedderFailed):
    """Another process computes vectors anew."""

    code = "reembedding_busy"


def index_remake(embedder: Embedder, *, progress: Progress | None = None) -> Index:
    """Make a whole index by an embedder and let it be the one that is searched; return it.

    One that this embedder began is gone on with. The one before is kept as retired: `retired_drop` removes it.
    Raises EmbedderFailed, ReembeddingBusy.
    """
    with _alone():
        begun = Index.objects.filter(embedder=embedder.name, revision=embedder.revision, dimension=embedder.dimension)
        made = begun.filter(state=Index.State.BUILDING).order_by("pk").last()
        if made is None:
            made = index_create(embedder, Index.State.BUILDING)
        for _round in range(_MAX_ROUNDS):
            index_fill(embedder, made, _searchable(), progress=progress)
            if _switched(embedder, made, is_last_round=False):
                break
        else:
            _switched(embedder, made, is_last_round=True)
        # vectors that a worker was computing at the switch went to the index before
        index_fill(embedder, made, _searchable())
    made.refresh_from_db()
    return made


def is_made(embedder: Embedder) -> bool:
    """Tell whether the index that is searched is of this embedder and lacks nothing."""
    live = index_live(embedder)
    return live is not None and not _missing(live).exists()


def retired_drop(made_by: Embedder | None = None) -> int:
    """Remove indexes, of one embedder or of all, that are not searched, begun ones too; return how many.

    Raises ReembeddingBusy.
    """
    with _alone():
        left = list(Index.objects.exclude(state=Index.State.LIVE))
        if made_by is not None:
            left = [index for index in left if index.embedder == made_by.name]
        for index in left:
            index_drop(index)
    return len(left)


def _searchable() -> QuerySet[IndexEntry]:
    return IndexEntry.objects.all()


def _missing(index: Index) -> QuerySet[IndexEntry]:
    return _searchable().exclude(Exists(Embedding.objects.filter(index=index, entry=OuterRef("pk"))))


@transaction.atomic
def _switched(embedder: Embedder, made: Index, *, is_last_round: bool) -> bool:
    """Make an index live if it lacks nothing; return whether it is."""
    # whoever adds a vector refers to the index before and waits here, so that nothing comes in between
    before = list(Index.objects.select_for_update().filter(state=Index.State.LIVE).exclude(pk=made.pk))
    if is_last_round:
        index_fill(embedder, made, _searchable())
    if _missing(made).exists():
        return False
    Index.objects.filter(pk__in=[index.pk for index in before]).update(state=Index.State.RETIRED)
    Index.objects.filter(pk=made.pk).update(state=Index.State.LIVE)
    return True


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the one place for this work in the whole installation; a process that dies gives it back."""
    # the server notices a moment late that a killed process has gone
    deadline = time.monotonic() + _PATIENCE_S
    while not (is_ours := _has_locked()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if not is_ours:
        raise ReembeddingBusy(_("Another process computes vectors anew: wait for it to end, or stop it."))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _has_locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (is_ours,) = cursor.fetchone() or (False,)
    return bool(is_ours)
