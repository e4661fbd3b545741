"""Where vectors are kept, and the choice among such stores."""

from __future__ import annotations

from apps.rag.ports import VectorStore
from apps.rag.stores.pgvectors import PostgresVectors


def vector_store() -> VectorStore:
    """Return the store that the setting VECTOR_STORE names."""
    return PostgresVectors()
