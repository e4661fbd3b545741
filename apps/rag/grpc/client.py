"""The engine of another process behind the same port as one of this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import grpc
import numpy as np
from django.conf import settings
from django.utils.translation import get_language

from apps.rag.errors import RetrievalUnavailable, TokenRefused
from apps.rag.grants import Grant, grant_sign
from apps.rag.grpc import options, rag_pb2, rag_pb2_grpc
from apps.rag.grpc.status import error_of
from apps.rag.grpc.wire import event_from_message, from_message, to_message
from apps.rag.limits import MAX_TEXTS
from apps.rag.ports import Embedded
from apps.rag.types import AnswerEvent, Finished, Question, SearchResult
from kauri.lib.ending import end_all
from kauri.lib.errors import InvalidInput, KauriError
from kauri.lib.tracing import sent_with

logger = logging.getLogger(__name__)

Stub: TypeAlias = Any  # generated without types
_TOKEN_S: Final = 120.0
_STATUS_EVERY_S: Final = 5.0


class RemoteEngine:
    """Asks the engine at `url` (grpc://host:port, or grpcs:// over TLS). Safe for any number of turns and loops."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target, self._is_secure = parts.netloc, parts.scheme == "grpcs"
        self._is_warm, self._revision = False, 0
        # A channel belongs to the loop that opened it.
        self._channels: WeakKeyDictionary[asyncio.AbstractEventLoop, grpc.aio.Channel] = WeakKeyDictionary()
        self._watches: list[asyncio.Task[None]] = []

    @property
    def is_warm(self) -> bool:
        """Tell whether the engine answered when it was last asked, and was warm."""
        return self._is_warm

    @property
    def revision(self) -> int:
        """Return how far the engine's full text followed the change log when it was last asked."""
        return self._revision

    async def warm(self) -> None:
        """Connect. An engine that does not answer yet is asked again by the watch that `start` begins."""
        await self._look()

    def start(self) -> None:
        """Watch how the engine is, from this loop."""
        self._watches.append(asyncio.get_running_loop().create_task(self._keep_looking()))

    async def close(self) -> None:
        """Stop watching and close this loop's connection."""
        loop = asyncio.get_running_loop()
        await end_all([watch for watch in self._watches if watch.get_loop() is loop])
        self._watches = [watch for watch in self._watches if watch.get_loop() is not loop]
        channel = self._channels.pop(loop, None)
        if channel is not None:
            await channel.close()

    async def search(self, question: Question) -> SearchResult:
        """Find the passages for a question, every leg explained. Raises RetrievalUnavailable."""
        request = rag_pb2.SearchRequest(question=_message_of(question), explain=True)
        with _named_failures():
            call = self._stub().Search(request, timeout=options.SEARCH_S, metadata=_metadata(question))
            response: rag_pb2.SearchResponse = await call
            return from_message(response.result, SearchResult)

    async def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        """Yield the events of an answer, ending with Finished. Raises RetrievalUnavailable."""
        request = rag_pb2.GenerateRequest(question=_message_of(question))
        call = self._stub().Generate(request, timeout=options.ANSWER_S, metadata=_metadata(question))
        is_finished = False
        try:
            async for event in _events_of(call):
                is_finished = isinstance(event, Finished)
                yield event
        finally:
            call.cancel()  # who stops listening stops the work
        if not is_finished:
            raise RetrievalUnavailable

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Return texts as vectors of the engine's embedder. Raises EmbedderFailed, InvalidInput for an empty or long
        text, RetrievalUnavailable where the engine changed its model meanwhile."""
        parts = [await self._embed(texts[at : at + MAX_TEXTS]) for at in range(0, len(texts), MAX_TEXTS)]
        if not parts:
            return Embedded(np.zeros((0, 0), dtype=np.float32), "", "")
        if len({(part.model, part.revision) for part in parts}) > 1:
            raise RetrievalUnavailable
        return replace(parts[0], vectors=np.concatenate([part.vectors for part in parts]))

    async def _embed(self, texts: Sequence[str]) -> Embedded:
        with _named_failures():
            call = self._stub().Embed(
                rag_pb2.EmbedRequest(texts=texts), timeout=options.EMBED_S, metadata=_metadata_of(Grant(()))
            )
            response: rag_pb2.EmbedResponse = await call
        rows = np.frombuffer(response.vectors, dtype="<f4").reshape(len(texts), response.dimension)
        return Embedded(rows.astype(np.float32), response.model, response.revision)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_EVERY_S)
            await self._look()

    async def look(self) -> None:
        """Ask how the engine is. Raises RetrievalUnavailable, from TokenRefused where the secrets differ."""
        with _named_failures():
            call = self._stub().Status(
                rag_pb2.StatusRequest(), timeout=options.STATUS_S, metadata=_metadata_of(Grant(()))
            )
            response: rag_pb2.StatusResponse = await call
        self._is_warm, self._revision = response.is_warm, response.revision

    async def _look(self) -> None:
        was_warm = self._is_warm
        try:
            await self.look()
        except KauriError as error:
            self._is_warm = False
            if was_warm:
                logger.warning("the engine does not answer", extra={"target": self._target, "code": error.code})

    def _stub(self) -> Stub:
        loop = asyncio.get_running_loop()
        channel = self._channels.get(loop)
        if channel is None:
            channel = self._channels[loop] = self._open()
        return rag_pb2_grpc.RagEngineStub(channel)  # type: ignore[no-untyped-call] # generated

    def _open(self) -> grpc.aio.Channel:
        if not self._is_secure:
            return grpc.aio.insecure_channel(self._target, options.CLIENT)
        roots = settings.KAURI_RAG_CA.encode() or None
        return grpc.aio.secure_channel(self._target, grpc.ssl_channel_credentials(roots), options.CLIENT)


async def _events_of(call: Any) -> AsyncGenerator[AnswerEvent, None]:
    while True:
        with _named_failures():
            message = await call.read()
            if message is grpc.aio.EOF:
                return
            event = event_from_message(message)
        if event is not None:
            yield event


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except grpc.aio.AioRpcError as failure:
        error = error_of(failure)
        if isinstance(error, TokenRefused):
            # A reader can do nothing about it: to them, the texts cannot be searched.
            logger.error("the engine refuses our tokens: KAURI_RAG_SECRET must be the same in both processes")  # noqa: TRY400 - the trace tells nothing
            raise RetrievalUnavailable from error
        raise error from failure
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # The server cut the call off; nobody here wanted to stop.
        raise RetrievalUnavailable from cancelled


def _message_of(question: Question) -> rag_pb2.Question:
    try:
        return to_message(question, rag_pb2.Question())
    except ValueError as error:
        raise InvalidInput from error


def _metadata(question: Question) -> tuple[tuple[str, str], ...]:
    scope = question.scope
    return _metadata_of(Grant(scope.namespaces, scope.organisation_ids), question.language)


def _metadata_of(grant: Grant, language: str = "") -> tuple[tuple[str, str], ...]:
    token = grant_sign(Grant(grant.namespaces, grant.organisation_ids, settings.KAURI_ROLE), ttl_s=_TOKEN_S)
    return (
        ("authorization", f"Bearer {token}"),
        ("accept-language", language or get_language() or "fr"),
        *sent_with().items(),
    )
