"""Cut parsed documents into passages along their own structure."""

from apps.knowledge.chunking.chunker import chunk
from apps.knowledge.chunking.types import (
    CHUNKER_REVISION,
    Chunked,
    ChunkedPassage,
    OutlineEntry,
    ParsedAccount,
)

__all__ = ["CHUNKER_REVISION", "Chunked", "ChunkedPassage", "OutlineEntry", "ParsedAccount", "chunk"]
