"""Embeddings behind any OpenAI-compatible address: OpenAI, Text Embeddings Inference, vLLM, Ollama, a gateway."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import random
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext_lazy as _

from apps.rag.embedders.faults import Again, TooLong, named
from apps.rag.embedders.replies import read_vectors
from apps.rag.errors import EmbedderFailed
from apps.rag.ports import Vectors

if TYPE_CHECKING:
    from openai import OpenAI

_MAX_ATTEMPTS = 3
_BACKOFF_S = 0.25
_MAX_REPLY_BYTES = 64 * 1024 * 1024
# Some 4,000 tokens of French: within what most models read, far above a passage.
_MAX_CHARACTERS = 12_000
_MIN_CHARACTERS = 400
_SHORTER = 0.6


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address, a model, and the limits of one request; `total_s` bounds all attempts for one batch."""

    base_url: str
    model: str
    dimension: int
    api_key: str = field(default="", repr=False)
    batch: int = 10
    connect_s: float = 2.0
    total_s: float = 20.0


class RemoteEmbedder:
    """Asks in batches, tries again what may succeed, checks what comes. Safe between threads; logs no text, no key."""

    revision = "endpoint"  # it does not say which weights it has: another model must have another name

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client: OpenAI | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Return what the endpoint calls the model."""
        return self._endpoint.model

    @property
    def dimension(self) -> int:
        """Return the length of a vector as the settings say; another length that comes is a failure."""
        return self._endpoint.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n_texts, dimension) float32 rows of length 1.

        Raises EmbedderFailed; EmbedderMisconfigured where trying again cannot help.
        """
        size = self._endpoint.batch
        batches = [self._batch(texts[at : at + size]) for at in range(0, len(texts), size)]
        return np.concatenate([np.zeros((0, self.dimension), dtype=np.float32), *batches])

    def close(self) -> None:
        """Close the connections to the endpoint; the next call opens others."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _batch(self, texts: Sequence[str]) -> Vectors:
        limit_s = time.monotonic() + self._endpoint.total_s
        longest = _MAX_CHARACTERS
        attempt = 1
        while True:
            # endpoints refuse a text that is empty
            cut = [text[:longest] if text.strip() else "." for text in texts]
            try:
                return self._once(cut, limit_s)
            except TooLong as error:
                # nobody says how many characters a server's limit in tokens is
                longest = int(_SHORTER * max(map(len, cut)))
                if longest < _MIN_CHARACTERS:
                    raise EmbedderFailed from error
            except Again as again:
                wait_s = again.wait_s or _BACKOFF_S * 2**attempt * (0.5 + random())  # noqa: S311 - no secret hangs on it
                if attempt == _MAX_ATTEMPTS or time.monotonic() + wait_s >= limit_s:
                    raise EmbedderFailed(_("The embedding endpoint does not answer as it should.")) from again
                attempt += 1
                time.sleep(wait_s)

    def _once(self, texts: Sequence[str], limit_s: float) -> Vectors:
        with _named_failures():
            from openai import Timeout  # noqa: PLC0415 - see _made

            left_s = max(0.1, limit_s - time.monotonic())
            ask = self._made().embeddings.with_streaming_response.create
            limits = Timeout(left_s, connect=min(left_s, self._endpoint.connect_s))
            with ask(model=self.name, input=list(texts), encoding_format="float", timeout=limits) as response:
                body = _read(response.iter_bytes(), limit_s)
        return read_vectors(body, n_texts=len(texts), dimension=self.dimension)

    def _made(self) -> OpenAI:
        with self._lock:
            if self._client is None:
                # Importing openai takes up to five seconds: only where it is used, which is in a thread.
                from openai import OpenAI  # noqa: PLC0415 - see the line above

                self._client = OpenAI(
                    api_key=self._endpoint.api_key or "none", base_url=self._endpoint.base_url, max_retries=0
                )
            return self._client


def _read(pieces: Iterator[bytes], limit_s: float) -> bytes:
    """Return a reply's body. A time-out of the client's bounds the time between two pieces, this one the whole."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > _MAX_REPLY_BYTES or time.monotonic() > limit_s:
            raise Again
    return bytes(body)


@contextmanager
def _named_failures() -> Iterator[None]:
    import httpx2  # noqa: PLC0415 - openai's own client; see _made
    import openai  # noqa: PLC0415 - see _made

    try:
        yield
    except openai.APIStatusError as error:
        # without the client's own error, which goes to the log with all that the endpoint said: some repeat the text
        # that they refuse, or a part of the key
        raise named(error.status_code, error.body, error.response.headers) from None
    except (openai.APIError, httpx2.HTTPError, OSError) as error:
        raise Again from error
