"""Fills an index of vectors: which one is live, and the entries that it still lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from pgvector import HalfVector

from apps.rag.analysis import ANALYSIS_REVISION
from apps.rag.config import RagConfig, configured
from apps.rag.embedders import embedder_named
from apps.rag.embedders.cached import embed_cached
from apps.rag.errors import IndexMismatch
from apps.rag.models import Embedding, Index, IndexEntry
from apps.rag.ports import Embedder, Vectors
from apps.rag.retrieval.sentences import sentences

Progress = Callable[[int, int], None]
Written = Callable[[Sequence[int]], None]


def index_live(embedder: Embedder) -> Index | None:
    """Return the live index if this embedder made it, weights and all."""
    made_by = Index.objects.filter(embedder=embedder.name, revision=embedder.revision, dimension=embedder.dimension)
    return made_by.filter(state=Index.State.LIVE).first()


def index_fault(embedder: Embedder, choice: str) -> str:
    """Return a sentence where another model, or other weights, made the vectors that are searched; "" otherwise.

    `choice` is the embedder as `manage.py rag_reembed --model` takes it. Vectors of two models cannot be compared, so
    nothing would be found, and nothing would say why.
    """
    if not embedder.dimension:
        return ""
    live = Index.objects.filter(state=Index.State.LIVE).first()
    if live is None or (live.embedder, live.revision, live.dimension) == _made_by(embedder):
        return ""
    if not live.embeddings.exists():
        return ""
    return _(
        "The embedder is %(wanted)s, but the vectors of the index were made by %(held)s. Take the embedder before "
        "again, or compute the vectors anew while Kauri runs with it: manage.py rag_reembed --model %(choice)s"
    ) % {"wanted": _described(*_made_by(embedder)), "held": _described(*_made_by(live)), "choice": choice}


def _made_by(made: Embedder | Index) -> tuple[str, str, int]:
    name = made.embedder if isinstance(made, Index) else made.name
    return name, made.revision, made.dimension


def _described(name: str, revision: str, dimension: int) -> str:
    weights = _("%(name)s, revision %(revision)s") % {"name": name, "revision": revision} if revision else name
    return _("%(weights)s, of %(dimension)s numbers") % {"weights": weights, "dimension": dimension}


def index_ensure(embedder: Embedder) -> Index:
    """Return the live index of an embedder, creating it and its HNSW index at first use.

    Raises IndexMismatch where the live one holds vectors of another model.
    """
    found = index_live(embedder)
    if found is not None:
        return found
    fault = index_fault(embedder, configured_choice())
    if fault:
        raise IndexMismatch(fault)
    try:
        with transaction.atomic():
            Index.objects.filter(state=Index.State.LIVE).update(state=Index.State.RETIRED)
            return index_create(embedder, Index.State.LIVE)
    except IntegrityError:
        # another worker was first: the constraint allows one live index
        return index_ensure(embedder)


@transaction.atomic
def index_create(embedder: Embedder, state: str) -> Index:
    """Record an index and make its HNSW index, which follows each vector that comes."""
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


def configured_choice() -> str:
    """Return the configured embedder as `manage.py rag_reembed --model` takes it, such as bge:/models/bge-m3."""
    name, model = settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL
    return f"{name}:{model}" if model else name


def entries_embed_missing(
    entries: QuerySet[IndexEntry],
    *,
    progress: Progress | None = None,
    limit: int | None = None,
    on_written: Written | None = None,
) -> int:
    """Give entries, at most `limit`, the vectors that they lack in the live index; return how many got some.

    `on_written` is told the ids of each batch. Raises EmbedderFailed.
    """
    embedder = embedder_named(settings.KAURI_EMBEDDER)
    if not embedder.dimension or not entries.exists():
        return 0
    live = index_ensure(embedder)
    return index_fill(embedder, live, entries, progress=progress, limit=limit, on_written=on_written)


def index_fill(
    embedder: Embedder,
    index: Index,
    entries: QuerySet[IndexEntry],
    *,
    progress: Progress | None = None,
    limit: int | None = None,
    on_written: Written | None = None,
) -> int:
    """Compute the vectors that entries, at most `limit`, lack in an index; return of how many. Raises EmbedderFailed.

    Each batch is written in its own short transaction: what was computed before a crash is not computed again.
    """
    config = configured()
    has_vector = Embedding.objects.filter(index=index, entry=OuterRef("pk"))
    missing = list(entries.exclude(Exists(has_vector)).order_by("pk").values_list("pk", flat=True)[:limit])
    for at in range(0, len(missing), config.embed_batch):
        batch = IndexEntry.objects.filter(pk__in=missing[at : at + config.embed_batch]).only("text", "search_text")
        rows = _embedded(embedder, index, list(batch), config)
        Embedding.objects.bulk_create(rows, ignore_conflicts=True)
        if on_written is not None:
            on_written([row.entry_id for row in rows])
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
