"""Where vectors are kept, and the choice among such stores."""

from __future__ import annotations

from django.conf import settings

from apps.rag.ports import VectorStore
from apps.rag.stores.pgvectors import PostgresVectors
from apps.rag.stores.pinecone import PineconeStore


def vector_store() -> VectorStore:
    """Return the store that the setting VECTOR_STORE names."""
    return outside_store() or PostgresVectors()


def outside_store() -> PineconeStore | None:
    """Return the store that follows PostgreSQL, None where PostgreSQL is the only one."""
    if settings.KAURI_VECTOR_STORE != "pinecone":
        return None
    return PineconeStore(
        api_key=settings.KAURI_PINECONE_API_KEY,
        index_name=settings.KAURI_PINECONE_INDEX,
        host=settings.KAURI_PINECONE_HOST,
    )
