"""What an engine that only changes answers leaves to the engine behind it."""

from __future__ import annotations

from collections.abc import Sequence

from apps.rag.cache.store import close_store_connections
from apps.rag.ports import Embedded, RagEngine
from apps.rag.types import Question, SearchResult


class EngineBehind:
    """All of the port but `answer`, which is its heirs' own."""

    def __init__(self, inner: RagEngine) -> None:
        self.inner = inner

    @property
    def is_warm(self) -> bool:
        """Tell whether the engine behind is warm."""
        return self.inner.is_warm

    @property
    def revision(self) -> int:
        """Return the revision of the engine behind."""
        return self.inner.revision

    async def warm(self) -> None:
        """Warm the engine behind."""
        await self.inner.warm()

    def start(self) -> None:
        """Start the engine behind."""
        self.inner.start()

    async def close(self) -> None:
        """Close the engine behind and this event loop's connections to the cache."""
        await self.inner.close()
        await close_store_connections()

    async def search(self, question: Question) -> SearchResult:
        """Search; passages are not cached: PostgreSQL admits each anew. Raises RetrievalUnavailable."""
        return await self.inner.search(question)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed by the engine behind. Raises EmbedderFailed."""
        return await self.inner.embed(texts)
