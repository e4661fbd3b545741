"""Kauri as a competitor: its own engine over its own stores, embedding of the question and reranking included."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
import uuid
from collections.abc import Coroutine, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from peer_systems import K, Passages, Told, Vectors

T = TypeVar("T")
NAMESPACE = "eval_peers"
_SPACE = uuid.UUID("5c1d3a52-94c1-4a0e-9d53-0f2c3b1f7a12")
_VERSION = uuid.uuid5(_SPACE, "version")
_DAY = date(2026, 11, 22)
_BATCH = 2_000
_PATIENCE_S = 60.0


class Kauri:
    """The whole engine; its event loop runs in a thread of its own, as in a web process."""

    def __init__(self, analysis: str) -> None:
        from django.core.management import call_command

        call_command("migrate", "rag", verbosity=0)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._ids: dict[int, str] = {}

    def build(self, passages: Passages) -> None:
        from apps.rag.build import build_engine

        for at in range(0, len(passages.ids), _BATCH):
            self._stage(passages, range(at, min(at + _BATCH, len(passages.ids))))
        self._publish()
        self._store_vectors(passages)
        self._engine = build_engine(index_dir=Path(tempfile.mkdtemp(prefix="kauri-peers-")), embedder="builtin")
        self._run(self._engine.warm())
        while not self._engine.is_warm:
            time.sleep(0.05)
        self._engine.start()
        self.search("compte")
        if self._degraded:
            raise SystemExit(f"Kauri lacks something: {self._degraded}")

    def search(self, question: str) -> list[str]:
        return self._search(question, is_whole=True)

    def search_words(self, question: str) -> list[str]:
        """Rank by words and 4-grams alone: what there is to compare with rank-bm25 and bm25s."""
        return self._search(question, is_whole=False)

    def update(self, passage_id: str, text: str, vector: Vectors) -> None:
        """Add a passage and wait until searches find it; its vectors come with it, as those of the peers do."""
        from apps.rag.models import IndexChange

        added = Passages(
            (passage_id,), (text,), vector[None, :], (Told("", "", "", (), (), text),), ((),), vector[None, :]
        )
        self._stage(added, range(1))
        self._publish()
        self._embeddings(added, list(self._ids)[-1:])
        seq = IndexChange.objects.order_by("seq").last()
        give_up = time.monotonic() + _PATIENCE_S
        while seq is not None and self._engine.revision < seq.pk and time.monotonic() < give_up:
            time.sleep(0.002)

    def memory_mb(self) -> float:
        """Return what this process holds; its PostgreSQL and Valkey are counted by who started them."""
        import psutil

        return float(psutil.Process().memory_full_info().uss) / 1e6

    def _search(self, question: str, *, is_whole: bool) -> list[str]:
        from apps.rag.types import Overrides, Question, Scope

        words = Overrides(legs=("bm25", "gram"), n_passages=K, is_reranked=False)
        # a number of passages that is asked for: none is merged with its like, as the peers merge none
        overrides = Overrides(n_passages=K) if is_whole else words
        asked = Question(question, Scope((NAMESPACE,), (), _DAY), overrides=overrides)
        result = self._run(self._engine.search(asked))
        self._degraded = result.degraded
        return [self._ids[ranked.passage.entry_id] for ranked in result.passages[:K]]

    def _stage(self, passages: Passages, places: range) -> None:
        from apps.rag import indexer
        from apps.rag.types import InForce, NewEntry, Span

        entries = [
            NewEntry(
                passage_id=uuid.uuid5(_SPACE, passages.ids[at]),
                document_id=uuid.uuid5(_SPACE, f"document {passages.ids[at]}"),
                version_id=_VERSION,
                namespace=NAMESPACE,
                organisation_id=None,
                country=None,
                kind="law",
                code=passages.told[at].code,
                document_title=passages.told[at].document_title,
                locator=passages.told[at].locator,
                heading_path=passages.told[at].headings,
                ordinal=at,
                page=None,
                span=Span(0, len(passages.told[at].text)),
                in_force=InForce(None, None),
                plan="",
                text=passages.told[at].text,
                references=passages.told[at].references,
                search_text=passages.texts[at],
            )
            for at in places
        ]
        staged = indexer.entries_stage(entries)
        self._ids.update(zip(staged, (passages.ids[at] for at in places), strict=True))

    def _publish(self) -> None:
        from apps.rag import indexer

        indexer.version_publish(_VERSION)

    def _store_vectors(self, passages: Passages) -> None:
        """Store ready-made vectors, then build the HNSW index over all of them at once."""
        from django.db import connection

        index = self._index_make()
        self._embeddings(passages, list(self._ids))
        with connection.cursor() as cursor:
            # the graph is built in memory, or takes ten times as long
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute("SELECT rag_hnsw_create(%s, %s)", [index.pk, index.dimension])
            cursor.execute("ANALYZE")

    def _index_make(self) -> Any:
        from apps.rag.analysis import ANALYSIS_REVISION
        from apps.rag.embedders import embedder_named
        from apps.rag.models import Index

        model = embedder_named("builtin")
        self._index = Index.objects.create(
            embedder=model.name,
            revision=model.revision,
            dimension=model.dimension,
            analysis_revision=ANALYSIS_REVISION,
            state=Index.State.LIVE,
        )
        return self._index

    def _embeddings(self, passages: Passages, entry_ids: Sequence[int]) -> None:
        import numpy as np
        from pgvector import HalfVector

        from apps.rag.models import Embedding

        for at in range(0, len(entry_ids), _BATCH):
            rows = [
                Embedding(
                    index=self._index,
                    entry_id=entry_ids[place],
                    vector=HalfVector(passages.vectors[place]),
                    sentence_vectors=passages.sentence_vectors[list(passages.sentences[place])]
                    .astype(np.float16)
                    .tobytes(),
                )
                for place in range(at, min(at + _BATCH, len(entry_ids)))
            ]
            Embedding.objects.bulk_create(rows)

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()
