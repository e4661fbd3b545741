"""The indexes of vectors: made and dropped with the owner's rights, and used by the search."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import connection, transaction
from pgvector import HalfVector

from apps.rag import indexer
from apps.rag.embedders import embedder_named
from apps.rag.embedding import index_ensure
from apps.rag.models import Embedding, Index, IndexEntry
from apps.rag.stores import pgvectors
from apps.rag.stores.connection import scope_values
from apps.rag.tests.entries import article, scope

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def as_app() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Connect as the role that serves and owns nothing."""
    told = connection.settings_dict
    address = {"host": told["HOST"], "port": told["PORT"] or None, "dbname": told["NAME"]}
    with psycopg.connect(user="kauri_app", autocommit=True, **address) as app:
        yield app


def hnsw_names() -> list[str]:
    """Return the names of the HNSW indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'rag_embedding_hnsw_%' ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]


def test_the_serving_role_makes_and_drops_the_index_of_an_index_that_is_there() -> None:
    # other tests of this database may have left indexes of theirs
    before = hnsw_names()
    made = Index.objects.create(embedder="x", dimension=8, analysis_revision=1)
    with as_app() as app:
        app.execute("SELECT rag_hnsw_create(%s, %s)", (made.pk, 8))
        assert set(hnsw_names()) == {*before, f"rag_embedding_hnsw_{made.pk}"}
        app.execute("SELECT rag_hnsw_drop(%s)", (made.pk,))
    assert hnsw_names() == before


def test_the_functions_of_the_owner_do_nothing_else() -> None:
    before = hnsw_names()
    made = Index.objects.create(embedder="x", dimension=8, analysis_revision=1, state="live")
    with as_app() as app:
        for wanted, dimension in ((made.pk, 9), (made.pk + 1, 8), (None, 8)):
            try:
                app.execute("SELECT rag_hnsw_create(%s::bigint, %s)", (wanted, dimension))
            except psycopg.errors.NoDataFound:
                continue
            assert wanted is None
        app.execute("SELECT rag_hnsw_create(%s, %s)", (made.pk, 8))
        with pytest.raises(psycopg.errors.ObjectInUse):
            app.execute("SELECT rag_hnsw_drop(%s)", (made.pk,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE INDEX mine ON rag_embedding (entry_id)")
    assert set(hnsw_names()) == {*before, f"rag_embedding_hnsw_{made.pk}"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_function_privilege('public', 'rag_hnsw_create(bigint, integer)', 'EXECUTE')")
        assert cursor.fetchone() == (False,)


def test_the_search_uses_the_index_of_the_live_embedder() -> None:
    live = index_ensure(embedder_named("builtin"))
    indexer.entries_stage(tuple(article(str(number), "texte", ordinal=number) for number in range(40)))
    generator = np.random.default_rng(3)
    Embedding.objects.bulk_create(
        Embedding(index=live, entry=entry, vector=HalfVector(generator.normal(size=512)))
        for entry in IndexEntry.objects.all()
    )
    vector = "[" + ",".join(f"{random.Random(2).random():.3f}" for _ in range(512)) + "]"
    values: dict[str, Any] = {**scope_values(scope()), "vector": vector, "k": 10}
    sql = pgvectors._WALK.format(dimension=live.dimension, index_id=live.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        # of forty rows none is worth an index: the question here is whether it could be used
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert f"rag_embedding_hnsw_{live.pk}" in plan
