"""Embedders through the whole way: entries get vectors in batches, questions find them, and other weights do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.embedding import index_create, index_fill
from apps.rag.errors import EmbedderMisconfigured
from apps.rag.models import Embedding, Index, IndexEntry
from apps.rag.tests.endpoints import DIMENSION, EmbeddingsServer, serve_embeddings
from apps.rag.tests.entries import article, scope
from apps.rag.tests.test_embedders_cache import CountingEmbedder
from apps.rag.tests.test_engine import publish
from apps.rag.types import Question
from kauri.lib.db import run_db

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]
ENTRIES = tuple(article(str(number), f"Le gérant numéro {number} est nommé par les associés.") for number in range(12))


def choose_remote(settings: Any, server: EmbeddingsServer, batch: int = 5) -> None:
    cache.clear()
    settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "remote", "indexing"
    settings.KAURI_EMBEDDER_BASE_URL, settings.KAURI_EMBEDDER_DIMENSION = server.url, DIMENSION
    settings.KAURI_EMBED_BATCH = batch


def embed_all() -> None:
    for version_id in {entry.version_id for entry in ENTRIES}:
        indexer.entries_embed(version_id)


@pytest.fixture
def published() -> None:
    publish(*ENTRIES)


def test_no_request_of_ingestion_is_larger_than_the_batch_that_is_set(published: None, settings: Any) -> None:
    with serve_embeddings() as server:
        choose_remote(settings, server, batch=5)
        embed_all()
    made = Index.objects.get()
    assert (made.embedder, made.dimension, made.revision, made.state) == ("indexing", DIMENSION, "endpoint", "live")
    assert Embedding.objects.count() == len(ENTRIES)
    assert max(len(batch) for batch in server.asked) == 5


def test_the_model_itself_gets_no_larger_batch_either(published: None, settings: Any) -> None:
    cache.clear()
    settings.KAURI_EMBED_BATCH = 4
    embedder = CountingEmbedder()
    assert index_fill(embedder, index_create(embedder, "building"), IndexEntry.objects.all(), progress=None) == len(
        ENTRIES
    )
    assert max(len(batch) for batch in embedder.batches) == 4


async def test_a_question_finds_the_vectors_of_the_same_endpoint(
    published: None, settings: Any, tmp_path: Path
) -> None:
    with serve_embeddings() as server:
        choose_remote(settings, server)
        await run_db(embed_all)
        engine = build_engine(index_dir=tmp_path)
        await engine.warm()
        result = await engine.search(Question("Par qui le gérant est-il nommé ?", scope()))
        made = await engine.embed(["a", "b"])
    assert result.degraded == ()
    assert len(next(ranking for ranking in result.rankings if ranking.leg == "dense").hits) == len(ENTRIES)
    assert made.vectors.shape == (2, DIMENSION)
    assert made.model == settings.KAURI_EMBEDDER_MODEL


def test_a_refusal_of_the_endpoint_reaches_whoever_ingests(published: None, settings: Any) -> None:
    with serve_embeddings("refuses") as server:
        choose_remote(settings, server)
        with pytest.raises(EmbedderMisconfigured):
            embed_all()
    assert not Embedding.objects.exists()


@pytest.mark.models
async def test_bge_m3_indexes_and_searches(
    published: None, tiny_bge_folder: Path, settings: Any, tmp_path: Path
) -> None:
    settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "bge", str(tiny_bge_folder)
    await run_db(embed_all)
    engine = build_engine(index_dir=tmp_path)
    await engine.warm()
    result = await engine.search(Question("Par qui le gérant est-il nommé ?", scope()))
    made = await run_db(Index.objects.get)
    assert (made.embedder, made.dimension) == ("tiny-bge-m3", 1024)
    assert len(made.revision) == 16
    assert result.degraded == ()
    assert len(next(ranking for ranking in result.rankings if ranking.leg == "dense").hits) == len(ENTRIES)
