"""Keeps the full text level with PostgreSQL: one process of the machine writes, all others reopen.

The follower is a thread, because analysis and commits are slow and must never stand in an event loop's way.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from django.db import Error as DatabaseError
from django.db import connections, transaction
from django.db.models import QuerySet

from apps.rag.config import RagConfig
from apps.rag.models import IndexChange, IndexEntry
from apps.rag.retrieval.folder import (
    FolderState,
    LexicalFolder,
    WriterLock,
    generation_apply,
    generation_write,
)
from apps.rag.retrieval.lexical import LexicalEntry

logger = logging.getLogger(__name__)

_CHANGES_A_COMMIT = 2_000
_PAUSE_S = 5.0  # after a round that failed
_PAGE = 1_000
_BY_SCOPE = ("namespace", "organisation_id", "country", "in_force")
_COLUMNS = ("search_text", "heading_path", *_BY_SCOPE)


def catch_up(folder: LexicalFolder, config: RagConfig) -> FolderState:
    """Bring the folder to the end of the change log. The caller holds the writer's place."""
    state = folder.state()
    _identity, last = log_end()
    if state is None or folder.is_rebuild_asked() or state.seq > last or state.log_identity != identity_at(state.seq):
        return rebuild(folder)
    try:
        while state.seq < last:
            state = _apply_some(folder, state)
    except ValueError:
        # what tantivy raises for a damaged folder: what PostgreSQL holds is enough to write another
        logger.warning("full text cannot be changed, it is written anew", exc_info=True)
        return rebuild(folder)
    if _deleted_share(state) > config.compaction_ratio:
        return rebuild(folder)
    return state


def rebuild(folder: LexicalFolder) -> FolderState:
    """Write the whole full text anew from PostgreSQL. The caller holds the writer's place."""
    started = time.perf_counter()
    _identity, last = log_end()
    # what commits meanwhile has a later seq and is applied after
    state = generation_write(folder, _live_entries(), seq=last, log_identity=identity_at(last))
    logger.info("full text rebuilt", extra={"seq": last, "elapsed_s": round(time.perf_counter() - started, 2)})
    return state


def catch_up_if_free(folder: LexicalFolder, config: RagConfig) -> None:
    """Bring the folder up to date if no other process is its writer; that one does it otherwise."""
    lock = WriterLock(folder)
    try:
        if lock.acquire():
            catch_up(folder, config)
    finally:
        lock.release()


class Follower:
    """Follows the change log in a thread of its own and tells the engine when there is something new to read."""

    def __init__(self, folder: LexicalFolder, config: RagConfig, on_change: Callable[[], None]) -> None:
        self._folder, self._config, self._on_change = folder, config, on_change
        self._lock = WriterLock(folder)
        self._seen = folder.state()
        self._changed_at = time.monotonic()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow; a second call changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="kauri-full-text", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after its present step and give the writer's place back."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
            self._thread = None
        self._lock.release()

    def step(self) -> None:
        """Do one round: write if the place is ours, then show what is new."""
        if self._lock.acquire():
            self._write()
        state = self._folder.state()
        if state != self._seen:
            self._on_change()
            self._seen = state
            self._changed_at = time.monotonic()

    def _write(self) -> None:
        state = catch_up(self._folder, self._config)
        # Deleted passages still count in document frequencies; once nothing moves they are written away, so that
        # a machine that followed for weeks ranks like one that was rebuilt a minute ago.
        is_quiet = time.monotonic() - self._changed_at > self._config.idle_compaction_s
        if state.n_deleted and state == self._seen and is_quiet:
            rebuild(self._folder)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step()
            except (DatabaseError, OSError, ValueError):
                # ValueError is what tantivy raises for anything; the next round starts from the files again
                logger.warning("full text could not follow", exc_info=True)
                self._stopping.wait(_PAUSE_S)
            except Exception:
                # a thread that ended here would leave every search behind, and nobody would see it
                logger.exception("full text could not follow")
                self._stopping.wait(_PAUSE_S)
            finally:
                connections.close_all()
            self._stopping.wait(self._config.follow_interval_s)


def log_end() -> tuple[str, int]:
    """Return what tells this log from another database's, and its last seq."""
    # by the primary key from both ends: this is asked twice a second of a log that only grows
    by_seq = IndexChange.objects.order_by("seq")
    first, last = by_seq.first(), by_seq.last()
    return (first.created_at.isoformat() if first else "", last.seq if last else 0)


def identity_at(seq: int) -> str:
    """Return what tells this log, as far as a change, from another one: when its first and that change were made.

    A database restored from a backup has the same first change, and gives the numbers of those that it lost to others.
    """
    first = IndexChange.objects.order_by("seq").first()
    last = IndexChange.objects.filter(seq=seq).first()
    return " ".join(change.created_at.isoformat() for change in (first, last) if change is not None)


def _apply_some(folder: LexicalFolder, state: FolderState) -> FolderState:
    with transaction.atomic():
        changes = list(
            IndexChange.objects.filter(seq__gt=state.seq)
            .order_by("seq")
            .values_list("seq", "entry_id")[:_CHANGES_A_COMMIT]
        )
        ids = {entry_id for _, entry_id in changes}
        # the entry as it is now, not as it was: a later change of it repeats the same and harms nothing
        puts = [_entry(row) for row in _live().filter(pk__in=ids).order_by("pk")]
        seq = changes[-1][0]
        log_identity = identity_at(seq)
    return generation_apply(folder, state, puts=puts, deletes=sorted(ids), seq=seq, log_identity=log_identity)


def _live_entries() -> Iterator[LexicalEntry]:
    # what a scope admits stands together, so that a search within a narrow one passes over most of the folder unread
    ids = list(_live().order_by(*_BY_SCOPE, "pk").values_list("pk", flat=True))
    # pages by key, not one cursor: no transaction stays open while we analyse
    for at in range(0, len(ids), _PAGE):
        page = ids[at : at + _PAGE]
        rows = _live().in_bulk(page)
        # what was withdrawn meanwhile is missing, and the log says so again
        yield from (_entry(rows[entry_id]) for entry_id in page if entry_id in rows)


def _live() -> QuerySet[IndexEntry]:
    return IndexEntry.objects.filter(state=IndexEntry.State.LIVE).only(*_COLUMNS)


def _deleted_share(state: FolderState) -> float:
    if not state.n_deleted:
        return 0.0
    n_live = _live().count()
    return state.n_deleted / (n_live + state.n_deleted)


def _entry(row: IndexEntry) -> LexicalEntry:
    return LexicalEntry(
        entry_id=row.pk,
        search_text=row.search_text,
        headings=" ".join(row.heading_path),
        namespace=row.namespace,
        organisation=str(row.organisation_id) if row.organisation_id else None,
        country=row.country,
        start=row.in_force.lower,
        end=row.in_force.upper,
    )
