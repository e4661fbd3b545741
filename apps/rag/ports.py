"""What the engine needs from outside, each with two real implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from apps.rag.types import Usage

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors. Implementations: the built-in model, and none."""

    @property
    def name(self) -> str:
        """Name kept with every stored vector; another name is another index."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector; 0 when there is no model."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n_texts, dimension) float32 rows of length 1. CPU-heavy: call it in a thread."""
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
