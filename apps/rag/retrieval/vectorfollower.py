"""Keeps a store of vectors outside PostgreSQL level with it: one process of the whole installation writes.

The position lies in PostgreSQL, beside the truth. A filling that was cut off goes on where it stopped; every step may
run twice. The place is an advisory lock of a connection of its own, so that no transaction waits for the other store.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np
import psycopg
from django.db import Error as DatabaseError
from django.db import connection, connections

from apps.rag.config import RagConfig
from apps.rag.errors import RetrievalUnavailable, VectorsUnavailable
from apps.rag.models import Embedding, Index, IndexChange, IndexEntry, VectorFollower
from apps.rag.ports import StoredVector, VectorIndex, VectorStore
from apps.rag.retrieval.follower import log_end
from apps.rag.stores.pinecone import PineconeStore
from apps.rag.types import InForce

logger = logging.getLogger(__name__)

_LOCK = 0x4B41_5552_4B
_CHANGES_A_STEP = 500
_PAUSE_S = 5.0
# what refuses once refuses again until somebody changes a setting
_LONG_PAUSE_S = 60.0


class WriterPlace:
    """The one writer's place in the installation; lost with the connection that holds it."""

    def __init__(self) -> None:
        self._held: psycopg.Connection[Any] | None = None

    def acquire(self) -> bool:
        """Take the place if it is free, and see that it is still ours; return whether we have it."""
        try:
            if self._held is None:
                self._held = psycopg.connect(**_address(), autocommit=True)
                row = self._held.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
                is_ours = bool(row and row[0])
            else:
                self._held.execute("SELECT 1")
                is_ours = True
        except psycopg.Error:
            is_ours = False
        if not is_ours:
            self.release()
        return is_ours

    def release(self) -> None:
        """Give the place back."""
        if self._held is not None:
            self._held.close()
            self._held = None


class VectorsFollower:
    """Follows the change log into an outside store, in a thread of its own."""

    def __init__(self, store: PineconeStore, config: RagConfig) -> None:
        self._store, self._config = store, config
        self._place = WriterPlace()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow; a second call changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="kauri-vectors", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after its present step and give the place back."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
            self._thread = None
        self._place.release()

    def step(self) -> bool:
        """Do one round if the place is ours; return whether there is more to do. Raises VectorsUnavailable."""
        if not self._place.acquire():
            return False
        live = Index.objects.filter(state=Index.State.LIVE).first()
        if live is None:
            return False
        position = self._position(live)
        index = VectorIndex(live.pk, live.dimension)
        if not position.is_complete:
            return self._fill_some(index, position)
        return self._apply_some(index, position)

    def _position(self, live: Index) -> VectorFollower:
        position, _is_new = VectorFollower.objects.get_or_create(store=self._store.name)
        identity, last = log_end()
        if (position.index_id, position.log_identity) != (live.pk, identity) or position.seq > last:
            # what commits from here on has a later seq and is applied after the filling
            position.index_id, position.log_identity, position.seq = live.pk, identity, last
            position.filled_to, position.is_complete = 0, False
            position.save()
        return position

    def _fill_some(self, index: VectorIndex, position: VectorFollower) -> bool:
        rows = _vectors(index, entry__gt=position.filled_to)
        self._store.upsert(index, rows)
        if rows:
            position.filled_to = rows[-1].entry_id
        else:
            live = Embedding.objects.filter(index=index.index_id, entry__state=IndexEntry.State.LIVE)
            self._store.remove_others(index, set(live.values_list("entry", flat=True)))
            position.is_complete = True
        position.save()
        return True

    def _apply_some(self, index: VectorIndex, position: VectorFollower) -> bool:
        later = IndexChange.objects.filter(seq__gt=position.seq).order_by("seq")
        changes = list(later.values_list("seq", "entry_id")[:_CHANGES_A_STEP])
        if not changes:
            return False
        ids = {entry_id for _seq, entry_id in changes}
        rows = _vectors(index, entry__in=ids)
        self._store.upsert(index, rows)
        gone = ids - {row.entry_id for row in rows}
        if gone:
            self._store.delete(index, sorted(gone))
        position.seq = changes[-1][0]
        position.save()
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause_s = self._config.follow_interval_s
            try:
                if self.step():
                    pause_s = 0.0
            except VectorsUnavailable as error:
                logger.warning("outside vectors could not follow", exc_info=True)
                pause_s = _LONG_PAUSE_S if error.permanent else _PAUSE_S
            except DatabaseError:
                logger.warning("outside vectors could not follow", exc_info=True)
                pause_s = _PAUSE_S
            except Exception:
                # a thread that ended here would leave the store behind, and nobody would see it
                logger.exception("outside vectors could not follow")
                pause_s = _PAUSE_S
            finally:
                connections.close_all()
            self._stopping.wait(pause_s)


def _vectors(index: VectorIndex, **which: object) -> list[StoredVector]:
    """Return the vectors of live entries as they now are, by entry, a step's worth at most."""
    live = Embedding.objects.filter(index=index.index_id, entry__state=IndexEntry.State.LIVE, **which)
    some = live.select_related("entry").defer("sentence_vectors", "entry__text", "entry__search_text")
    return [_stored(each) for each in some.order_by("entry")[:_CHANGES_A_STEP]]


def _stored(embedding: Embedding) -> StoredVector:
    entry = embedding.entry
    return StoredVector(
        entry_id=entry.pk,
        namespace=entry.namespace,
        organisation_id=entry.organisation_id,
        country=entry.country,
        in_force=InForce(entry.in_force.lower, entry.in_force.upper),
        vector=np.asarray(embedding.vector, dtype=np.float32),
    )


def outside_follower(store: VectorStore, config: RagConfig) -> VectorsFollower | None:
    """Return who keeps a store level with PostgreSQL, None where that is PostgreSQL itself."""
    return VectorsFollower(store, config) if isinstance(store, PineconeStore) else None


def is_filled(store_name: str, index: VectorIndex) -> bool:
    """Tell whether a store has once held all vectors of an index. Raises RetrievalUnavailable."""
    try:
        return VectorFollower.objects.filter(store=store_name, index_id=index.index_id, is_complete=True).exists()
    except DatabaseError as error:
        raise RetrievalUnavailable from error


def refill(store_name: str) -> None:
    """Let the follower, whichever process it is, fill its store from the beginning."""
    VectorFollower.objects.filter(store=store_name).update(index_id=0)


def _address() -> dict[str, Any]:
    told = connection.settings_dict
    address = {
        "host": told["HOST"],
        "port": told["PORT"] or None,
        "user": told["USER"] or None,
        "password": told["PASSWORD"] or None,
        "dbname": told["NAME"],
    }
    # such as sslmode: what holds for Django's connections holds for this one
    options = {name: value for name, value in told["OPTIONS"].items() if name != "pool"}
    return {name: value for name, value in address.items() if value} | options
