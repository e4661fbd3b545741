"""kauri.rag.v1.RagEngine over an engine of this process: authenticate, check, call, translate."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias, cast

import grpc
import numpy as np
from django.utils import translation
from prometheus_client import Gauge

from apps.rag.answers import unexplained
from apps.rag.errors import RetrievalUnavailable
from apps.rag.grants import Grant, grant_read
from apps.rag.grpc import options, rag_pb2, rag_pb2_grpc
from apps.rag.grpc.status import refuse
from apps.rag.grpc.wire import event_to_message, from_message, to_message
from apps.rag.limits import question_check, texts_check
from apps.rag.ports import RagEngine
from apps.rag.types import AnswerEvent, Overrides, Question, Scope
from kauri.lib import clock
from kauri.lib.errors import InvalidInput, KauriError
from kauri.lib.tracing import received_with, work_within

logger = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

CALLS_RUNNING = Gauge("kauri_rag_calls_running", "gRPC calls that the engine works on now", ["call"])


class RagEngineServicer(rag_pb2_grpc.RagEngineServicer):
    """Serves an engine to other processes. One per process; any number of calls at once."""

    def __init__(self, engine: RagEngine) -> None:
        self._engine = engine

    async def Search(self, request: rag_pb2.SearchRequest, context: Context) -> rag_pb2.SearchResponse:  # noqa: N802 - the protocol's name
        """Find passages; without `explain` only what a reader of the result needs."""
        async with _serving("search", context, options.SEARCH_S, request.question.language) as grant:
            result = await self._engine.search(_question(request.question, grant))
            return rag_pb2.SearchResponse(
                result=to_message(result if request.explain else unexplained(result), rag_pb2.SearchResult())
            )

    async def Generate(self, request: rag_pb2.GenerateRequest, context: Context) -> None:  # noqa: N802 - the protocol's name
        """Stream an answer's events; a caller that leaves, or its deadline, ends the work."""
        async with _serving("generate", context, options.ANSWER_S, request.question.language) as grant:
            events = self._engine.answer(_question(request.question, grant))
            async with aclosing(cast("AsyncGenerator[AnswerEvent, None]", events)):
                async for event in events:
                    await context.write(event_to_message(event))

    async def Embed(self, request: rag_pb2.EmbedRequest, context: Context) -> rag_pb2.EmbedResponse:  # noqa: N802 - the protocol's name
        """Turn texts into vectors."""
        async with _serving("embed", context, options.EMBED_S):
            texts_check(request.texts)
            made = await self._engine.embed(list(request.texts))
            return rag_pb2.EmbedResponse(
                dimension=made.vectors.shape[1],
                vectors=np.asarray(made.vectors, "<f4").tobytes(),
                model=made.model,
                revision=made.revision,
            )

    async def Status(self, request: rag_pb2.StatusRequest, context: Context) -> rag_pb2.StatusResponse:  # noqa: N802 - the protocol's name
        """Tell how the engine is."""
        async with _serving("status", context, options.STATUS_S):
            return rag_pb2.StatusResponse(is_warm=self._engine.is_warm, revision=self._engine.revision)


@asynccontextmanager
async def _serving(call: str, context: Context, limit_s: float, language: str = "") -> AsyncIterator[Grant]:
    """Authenticate a call, bound its time by the caller's deadline, and end it with the error that is raised."""
    headers = {str(name): str(value) for name, value in context.invocation_metadata() or ()}
    work_within(received_with(headers))
    remaining_s = context.time_remaining()
    with translation.override(_language(language, headers)), CALLS_RUNNING.labels(call).track_inprogress():
        try:
            async with asyncio.timeout(limit_s if remaining_s is None else min(limit_s, remaining_s)):
                yield grant_read(headers.get("authorization", "").removeprefix("Bearer "))
        except KauriError as error:
            await refuse(context, error)
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the call took too long")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the caller left, or its deadline has passed
            # Work that this call waited for was cancelled; gRPC would leave the caller without an answer.
            await refuse(context, RetrievalUnavailable())
        except grpc.aio.AbortError:
            raise
        except Exception:
            logger.exception("a call of the engine broke", extra={"call": call})
            await refuse(context, KauriError())


def _question(message: rag_pb2.Question, grant: Grant) -> Question:
    """Return the question of a request within its caller's grant. Raises InvalidInput, ScopeRefused."""
    try:
        question = Question(
            text=message.text,
            scope=_scope(message, grant),
            history=tuple(message.history),
            language=message.language or "fr",
            overrides=from_message(message.overrides, Overrides),
        )
    except ValueError as error:
        raise InvalidInput from error
    question_check(question)
    return question


def _scope(message: rag_pb2.Question, grant: Grant) -> Scope:
    if not message.HasField("scope"):
        return grant.narrowed()
    if not message.scope.as_of:
        message.scope.as_of = clock.today().isoformat()
    asked = from_message(message.scope, Scope)
    return grant.narrowed(
        namespaces=asked.namespaces,
        organisation_ids=asked.organisation_ids,
        as_of=asked.as_of,
        country=asked.country,
    )


def _language(asked: str, headers: dict[str, str]) -> str:
    try:
        return translation.get_supported_language_variant(asked or headers.get("accept-language", ""))
    except LookupError:
        return "fr"
