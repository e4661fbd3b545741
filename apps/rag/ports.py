"""What the engine needs from outside, each with two real implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from apps.rag.types import AnswerEvent, Arriving, Hit, InForce, Passage, Question, Scope, SearchResult, Usage

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts as unit vectors (n_texts, dimension), and whose: those of another model or revision are not comparable."""

    vectors: Vectors
    model: str
    revision: str


class Embedder(Protocol):
    """Turns texts into unit vectors. Implementations: the built-in model, BGE-M3, an endpoint, and none."""

    @property
    def name(self) -> str:
        """Name kept with every stored vector; another name is another index."""
        ...

    @property
    def revision(self) -> str:
        """Which weights these are; kept with every stored vector, as the name is. The first time it may read them."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector; 0 when there is no model."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n_texts, dimension) float32 rows of length 1. CPU-heavy: call it in a thread."""
        ...


class Reranker(Protocol):
    """Reads a question and passages together. Implementations: cross-encoders by two libraries."""

    @property
    def name(self) -> str:
        """Name kept with answers and in the key of the answer cache."""
        ...

    def load(self) -> None:
        """Load the model, so that no question waits for it: up to a minute. Raises RerankerFailed."""
        ...

    def score(self, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        """Return one score a passage, higher is better, in the passages' order; no scale is promised.

        CPU-heavy: call it in a thread. Raises RerankerFailed.
        """
        ...


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An index of vectors: its id in PostgreSQL, which is the truth of it, and the length of its vectors."""

    index_id: int
    dimension: int


@dataclass(frozen=True, slots=True)
class StoredVector:
    """An entry's unit vector (dimension,) with what a scope looks at."""

    entry_id: int
    namespace: str
    organisation_id: UUID | None
    country: str | None
    in_force: InForce
    vector: Vectors


class VectorStore(Protocol):
    """Finds the nearest vectors within a scope. Implementations: pgvector, and Pinecone."""

    @property
    def name(self) -> str:
        """Name that tells this store from another one, in logs and beside its position in the change log."""
        ...

    async def nearest(self, index: VectorIndex, scope: Scope, vector: Vectors, k: int) -> tuple[Hit, ...]:
        """Return the k entries of the scope nearest to `vector` (dimension,), by cosine, best first, ties by id.

        Fewer only where the scope holds fewer. Raises VectorsUnavailable.
        """
        ...

    def upsert(self, index: VectorIndex, rows: Sequence[StoredVector]) -> None:
        """Put vectors, in place of those of the same entries, wherever these stood. Raises VectorsUnavailable."""
        ...

    def delete(self, index: VectorIndex, entry_ids: Sequence[int]) -> None:
        """Remove entries' vectors and see that they have gone; absent ones are no error. Raises VectorsUnavailable."""
        ...

    def count(self, index: VectorIndex) -> int:
        """Count the vectors of an index; an outside store may lag. Raises VectorsUnavailable."""
        ...

    def close(self) -> None:
        """Give connections back; the store may be used again."""
        ...


class Arrivals(Protocol):
    """Knows which texts are being imported. Implementations: knowledge's ledger (kauri names it), and none."""

    def __call__(self, scope: Scope, /) -> Arriving:
        """Return what is on its way into a scope, and what is there. Raises DatabaseError."""
        ...


class RagEngine(Protocol):
    """The engine as other apps and the edges see it. Implementations: in this process, and over gRPC."""

    @property
    def is_warm(self) -> bool:
        """Tell whether no question would wait for an index or a model to load."""
        ...

    @property
    def revision(self) -> int:
        """Return how far the searched full text follows the change log."""
        ...

    async def warm(self) -> None:
        """Open indexes and begin to load models."""
        ...

    def start(self) -> None:
        """Begin to follow the change log."""
        ...

    async def close(self) -> None:
        """Stop following and close connections."""
        ...

    async def search(self, question: Question) -> SearchResult:
        """Find the passages for a question within its scope. Raises RetrievalUnavailable."""
        ...

    def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        """Yield the events of an answer, ending with Finished. Raises RetrievalUnavailable."""
        ...

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Return texts as vectors of the engine's embedder. Raises EmbedderFailed.

        One in another process raises RetrievalUnavailable and InvalidInput, too.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One message of a prompt."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of a streamed completion; `usage` comes with the last one, if at all."""

    text: str
    usage: Usage | None = None


class ChatModel(Protocol):
    """A language model that streams. Implementations: one per OpenAI-compatible provider."""

    @property
    def provider(self) -> str:
        """Provider name, the key of its circuit breaker."""
        ...

    @property
    def model(self) -> str:
        """Model name as the provider knows it."""
        ...

    def stream(self, messages: Sequence[ChatTurn]) -> AsyncIterator[ChatDelta]:
        """Yield the completion as it comes; raises ModelFailed."""
        ...
