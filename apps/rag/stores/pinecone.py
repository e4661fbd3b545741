"""Vectors in Pinecone: one of its namespaces for each of ours, and a scope's bounds as metadata.

What stands there is derived: PostgreSQL admits every candidate again. A write is seen after a while only, so deletes
are asked for until the vectors have gone. Retries (429 with Retry-After, 5xx, broken connections) are the client's
own, with back-off; whatever else Pinecone refuses, it would refuse again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from apps.rag.errors import VectorsUnavailable
from apps.rag.ports import StoredVector, VectorIndex, Vectors
from apps.rag.types import Hit, Scope

T = TypeVar("T")

_BATCH = 100
_MAX_REQUEST_BYTES = 1_900_000  # Pinecone takes 2 MB
_BYTES_A_NUMBER = 13
_MAX_TOP_K = 10_000
_TIMEOUT_S = 10.0
_QUERY_DEADLINE_S = 3.0  # a question does not wait for retries
_DELETE_DEADLINE_S = 30.0
_DELETE_PAUSE_S = 0.05
_NAMESPACES_S = 60.0
_SHARED, _EVERY_COUNTRY = "shared", "*"
_BEGINNING, _FOREVER = 0, date.max.toordinal() + 1


class PineconeStore:
    """One Pinecone index, reached by its host, or by its name where the host is not given. Safe between threads."""

    def __init__(self, *, api_key: str, index_name: str, host: str = "") -> None:
        self._api_key, self._index_name, self._host = api_key, index_name, host
        self._opened: Any = None
        self._known: set[str] = set()
        self._known_until_s = 0.0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="kauri-pinecone")

    @property
    def name(self) -> str:
        """Return the name under which the position in the change log is kept."""
        return f"pinecone:{self._index_name}"

    async def nearest(self, index: VectorIndex, scope: Scope, vector: Vectors, k: int) -> tuple[Hit, ...]:
        """Ask all namespaces of the scope at the same time and merge what they say. Raises VectorsUnavailable."""
        values, bounds = vector.tolist(), _bounds(index, scope)
        loop = asyncio.get_running_loop()
        asked = [
            loop.run_in_executor(self._threads, self._query, namespace, values, bounds, min(k, _MAX_TOP_K))
            for namespace in dict.fromkeys(scope.namespaces)
        ]
        try:
            answers = await asyncio.wait_for(asyncio.gather(*asked), _QUERY_DEADLINE_S)
        except TimeoutError as error:
            raise VectorsUnavailable(_("Pinecone does not answer in time.")) from error
        hits = [hit for answer in answers for hit in answer]
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.entry_id))[:k])

    def upsert(self, index: VectorIndex, rows: Sequence[StoredVector]) -> None:
        """Put vectors, a hundred a request or as many as it takes. Raises VectorsUnavailable."""
        by_namespace: dict[str, list[StoredVector]] = {}
        for row in rows:
            by_namespace.setdefault(row.namespace, []).append(row)
        size = max(1, min(_BATCH, _MAX_REQUEST_BYTES // (index.dimension * _BYTES_A_NUMBER)))
        for namespace, stored in by_namespace.items():
            for batch in _batches(stored, size):
                vectors = [_record(index, row) for row in batch]
                self._call("upsert", vectors=vectors, namespace=namespace)
            ids = [_id(index.index_id, row.entry_id) for row in stored]
            for other in self._namespaces() - {namespace}:
                self._remove(other, self._present(other, ids))
        with self._lock:
            self._known |= set(by_namespace)

    def delete(self, index: VectorIndex, entry_ids: Sequence[int]) -> None:
        """Remove entries' vectors from every namespace, and look until they have gone. Raises VectorsUnavailable."""
        ids = [_id(index.index_id, entry_id) for entry_id in entry_ids]
        for namespace in sorted(self._namespaces()):
            self._remove(namespace, ids)

    def count(self, index: VectorIndex) -> int:
        """Count the vectors that Pinecone tells of. Raises VectorsUnavailable."""
        stats = self._call("describe_index_stats")
        if stats.dimension not in (None, index.dimension):
            told = _("The Pinecone index takes vectors of %(there)s numbers, the embedder makes %(here)s.")
            raise VectorsUnavailable(told % {"there": stats.dimension, "here": index.dimension}, permanent=True)
        return int(stats.total_vector_count)

    def remove_others(self, index: VectorIndex, entry_ids: set[int]) -> None:
        """Remove whatever stands there beside these entries of this index. Raises VectorsUnavailable."""
        wanted = {_id(index.index_id, entry_id) for entry_id in entry_ids}
        for namespace in sorted(self._namespaces(is_fresh=True)):
            self._remove(namespace, [each for each in self._listed(namespace) if each not in wanted])

    def close(self) -> None:
        """Close the connections to Pinecone; the next call opens others."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _query(self, namespace: str, values: list[float], bounds: dict[str, Any], k: int) -> list[Hit]:
        asked = {"top_k": k, "vector": values, "namespace": namespace, "filter": bounds}
        found = self._call("query", is_missing_fine=True, **asked)
        matches = found.matches if found is not None else []
        return [Hit(int(match.id.partition("-")[2]), float(match.score)) for match in matches]

    def _present(self, namespace: str, ids: Sequence[str]) -> list[str]:
        found: list[str] = []
        for batch in _batches(ids, _BATCH):
            there = self._call("fetch", is_missing_fine=True, ids=batch, namespace=namespace)
            found += list(there.vectors) if there is not None else []
        return found

    def _remove(self, namespace: str, ids: Sequence[str]) -> None:
        deadline = time.monotonic() + _DELETE_DEADLINE_S
        left, pause_s = list(ids), _DELETE_PAUSE_S
        while left:
            for batch in _batches(left, _BATCH):
                self._call("delete", is_missing_fine=True, ids=batch, namespace=namespace)
            left = self._present(namespace, left)
            if left and time.monotonic() > deadline:
                told = _("%(n)s vectors are still in Pinecone after they were removed.")
                raise VectorsUnavailable(told % {"n": len(left)})
            if left:
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, 2.0)

    def _namespaces(self, *, is_fresh: bool = False) -> set[str]:
        with self._lock:
            if not is_fresh and time.monotonic() < self._known_until_s:
                return set(self._known)
        stats = self._call("describe_index_stats")
        with self._lock:
            # what was put a moment ago may not be told of yet
            self._known |= set(stats.namespaces)
            self._known_until_s = time.monotonic() + _NAMESPACES_S
            return set(self._known)

    def _listed(self, namespace: str) -> Iterator[str]:
        token = None
        while True:
            page = self._call("list_paginated", namespace=namespace, pagination_token=token)
            yield from (str(each.id) for each in page.vectors)
            token = page.pagination.next if page.pagination else None
            if not token:
                return

    def _call(self, verb: str, *, is_missing_fine: bool = False, **asked: Any) -> Any:
        """Ask Pinecone; with `is_missing_fine`, a namespace that is not there (yet) is None and no error."""
        from pinecone.errors import ApiError, NotFoundError, PineconeError  # noqa: PLC0415 - as in _client

        try:
            return getattr(self._client(), verb)(**asked)
        except NotFoundError as error:
            if is_missing_fine:
                return None
            raise VectorsUnavailable(_said(error), permanent=True) from error
        except ApiError as error:
            is_passing = error.status_code in (408, 429) or error.status_code >= 500
            raise VectorsUnavailable(_said(error), permanent=not is_passing) from error
        except (PineconeError, OSError) as error:
            raise VectorsUnavailable(_said(error)) from error

    def _client(self) -> Any:
        with self._lock:
            if self._opened is None:
                # here and not above: most installations keep their vectors in PostgreSQL
                from pinecone import Index, Pinecone  # noqa: PLC0415 - see above

                if self._host:
                    self._opened = Index(host=self._host, api_key=self._api_key, timeout=_TIMEOUT_S)
                else:
                    self._opened = Pinecone(api_key=self._api_key, timeout=_TIMEOUT_S).index(name=self._index_name)
            return self._opened


def _id(index_id: int, entry_id: int) -> str:
    return f"{index_id}-{entry_id}"


def _record(index: VectorIndex, row: StoredVector) -> dict[str, Any]:
    start, end = row.in_force.start, row.in_force.end
    metadata = {
        "index": index.index_id,
        "organisation": str(row.organisation_id) if row.organisation_id else _SHARED,
        "country": row.country or _EVERY_COUNTRY,
        "start": start.toordinal() if start else _BEGINNING,
        "end": end.toordinal() if end else _FOREVER,
    }
    return {"id": _id(index.index_id, row.entry_id), "values": row.vector.tolist(), "metadata": metadata}


def _bounds(index: VectorIndex, scope: Scope) -> dict[str, Any]:
    day = scope.as_of.toordinal()
    bounds: dict[str, Any] = {
        "index": {"$eq": index.index_id},
        "organisation": {"$in": [_SHARED, *(str(organisation) for organisation in scope.organisation_ids)]},
        "start": {"$lte": day},
        "end": {"$gt": day},
    }
    if scope.country is not None:
        bounds["country"] = {"$in": [_EVERY_COUNTRY, scope.country]}
    return bounds


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def _said(error: Exception) -> str:
    return _("Pinecone: %(reason)s") % {
        "reason": str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    }
