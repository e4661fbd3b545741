"""Fills an index of vectors: which one is live, and the entries that it still lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from pgvector import HalfVector

from apps.rag.analysis import ANALYSIS_REVISION
from apps.rag.config import RagConfig, configured
from apps.rag.embedders import embedder_named
from apps.rag.embedders.cached import embed_cached
from apps.rag.models import Embedding, Index, IndexEntry
from apps.rag.ports import Embedder, Vectors
from apps.rag.retrieval.sentences import sentences

Progress = Callable[[int, int], None]


def index_live(embedder: Embedder) -> Index | None:
    """Return the live index of an embedder, or None where there is none yet or it has no vectors."""
    return Index.objects.filter(
        embedder=embedder.name, revision=embedder.revision, dimension=embedder.dimension, state=Index.State.LIVE
    ).first()


def index_ensure(embedder: Embedder) -> Index:
    """Return the live index of an embedder, creating it and its HNSW index at first use."""
    found = index_live(embedder)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            Index.objects.filter(embedder=embedder.name, state=Index.State.LIVE).update(state=Index.State.RETIRED)
            return _index_create(embedder, Index.State.LIVE)
    except IntegrityError:
        # another worker was first: the constraint allows one live index
        return Index.objects.get(embedder=embedder.name, state=Index.State.LIVE)


@transaction.atomic
def _index_create(embedder: Embedder, state: str) -> Index:
    made = Index.objects.create(
        embedder=embedder.name,
        revision=embedder.revision,
        dimension=embedder.dimension,
        analysis_revision=ANALYSIS_REVISION,
        state=state,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT rag_hnsw_create(%s, %s)", [made.pk, made.dimension])
    return made


def index_drop(index: Index) -> None:
    """Remove an index of vectors that is no longer live, with all its vectors."""
    with transaction.atomic():
        # whoever adds to it meanwhile waits here, finds it gone, and tries again with the live one
        Index.objects.select_for_update().filter(pk=index.pk).first()
        with connection.cursor() as cursor:
            cursor.execute("SELECT rag_hnsw_drop(%s)", [index.pk])
        index.delete()


def entries_embed_missing(
    entries: QuerySet[IndexEntry], *, progress: Progress | None = None, limit: int | None = None
) -> int:
    """Give entries, at most `limit`, the vectors that they lack in the live index; return how many got some.

    Raises EmbedderFailed.
    """
    embedder = embedder_named(settings.KAURI_EMBEDDER)
    if not embedder.dimension or not entries.exists():
        return 0
    return _fill(embedder, index_ensure(embedder), entries, progress, limit)


def index_rebuild(*, progress: Progress | None = None) -> int:
    """Compute all vectors anew into an index of its own, then make it the live one; return how many entries it has.

    Search goes on with the index before until the switch. Raises EmbedderFailed.
    """
    embedder = embedder_named(settings.KAURI_EMBEDDER)
    if not embedder.dimension:
        return 0
    made = _index_create(embedder, Index.State.BUILDING)
    _fill(embedder, made, IndexEntry.objects.all(), progress)
    with transaction.atomic():
        before = list(Index.objects.select_for_update().filter(embedder=embedder.name, state=Index.State.LIVE))
        Index.objects.filter(pk__in=[index.pk for index in before]).update(state=Index.State.RETIRED)
        Index.objects.filter(pk=made.pk).update(state=Index.State.LIVE)
    for index in Index.objects.filter(embedder=embedder.name).exclude(pk=made.pk):
        index_drop(index)
    # entries that came while we computed went to the indexes before
    _fill(embedder, made, IndexEntry.objects.all(), None)
    return Embedding.objects.filter(index=made).count()


def _fill(
    embedder: Embedder, index: Index, entries: QuerySet[IndexEntry], progress: Progress | None, limit: int | None = None
) -> int:
    config = configured()
    has_vector = Embedding.objects.filter(index=index, entry=OuterRef("pk"))
    missing = list(entries.exclude(Exists(has_vector)).order_by("pk").values_list("pk", flat=True)[:limit])
    for at in range(0, len(missing), config.embed_batch):
        batch = IndexEntry.objects.filter(pk__in=missing[at : at + config.embed_batch]).only("text", "search_text")
        rows = _embedded(embedder, index, list(batch), config)
        Embedding.objects.bulk_create(rows, ignore_conflicts=True)
        if progress is not None:
            progress(min(at + config.embed_batch, len(missing)), len(missing))
    return len(missing)


def _embedded(embedder: Embedder, index: Index, entries: Sequence[IndexEntry], config: RagConfig) -> list[Embedding]:
    cut = [sentences(entry.text) for entry in entries]
    texts = [entry.search_text for entry in entries] + [sentence for group in cut for sentence in group]
    vectors = embed_cached(embedder, texts, ttl_s=config.embed_cache_ttl_s, batch=config.embed_batch)
    rows: list[Embedding] = []
    at = len(entries)
    for entry, vector, group in zip(entries, vectors[: len(entries)], cut, strict=True):
        of_sentences = vectors[at : at + len(group)]
        at += len(group)
        rows.append(
            Embedding(index=index, entry=entry, vector=HalfVector(vector), sentence_vectors=_packed(of_sentences))
        )
    return rows


def _packed(vectors: Vectors) -> bytes:
    return vectors.astype(np.float16).tobytes()
