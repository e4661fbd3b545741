"""What the doctor says of vectors: whose they are, and how far Pinecone holds them."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.rag import indexer
from apps.rag.config import RagConfig
from apps.rag.models import Index
from apps.rag.retrieval.vectorfollower import VectorsFollower
from apps.rag.stores.pinecone import PineconeStore
from apps.rag.tests.entries import article
from apps.rag.tests.pinecone_server import KEY, PineconeServer, serve
from kauri.management import store_checks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pinecone(settings: Any) -> Iterator[PineconeServer]:
    with serve(dimension=512) as server:
        settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "builtin", ""
        settings.KAURI_VECTOR_STORE, settings.KAURI_PINECONE_API_KEY = "pinecone", KEY
        settings.KAURI_PINECONE_HOST = server.url
        entry = article("1", "Le gérant est nommé.")
        indexer.entries_stage((entry,))
        indexer.entries_embed(entry.version_id)
        indexer.version_publish(entry.version_id)
        yield server


def test_vectors_of_another_model_are_missing_with_the_way_out(pinecone: PineconeServer) -> None:
    finding = store_checks.vectors()
    assert finding is not None
    assert (finding.state, finding.found[:1]) == ("ok", "1")
    Index.objects.update(revision="0")
    finding = store_checks.vectors()
    assert finding is not None
    assert finding.state == "missing"
    assert "rag_reembed --model builtin" in finding.advice


def test_pinecone_is_counted_and_what_does_not_fit_is_said(pinecone: PineconeServer) -> None:
    finding = store_checks.outside_vectors()
    assert finding is not None
    assert finding.state == "note"
    store = PineconeStore(api_key=KEY, index_name="kauri-ohada", host=pinecone.url)
    follower = VectorsFollower(store, RagConfig())
    while follower.step():
        pass
    follower.stop()
    store.close()
    finding = store_checks.outside_vectors()
    assert finding is not None
    assert (finding.state, finding.found[:1]) == ("ok", "1")
    pinecone.dimension = 16
    finding = store_checks.outside_vectors()
    assert finding is not None
    assert finding.state == "missing"
    assert "16" in finding.advice
