"""POST /v1/rag/generate as plain ASGI: Django takes the question, this frames the answer as events or as JSON.

A streaming view of Django holds a thread for each open stream, and so does a view that waits for an answer.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from django.core.handlers.asgi import ASGIRequest
from django.urls import URLPattern, re_path
from django.utils import translation
from pydantic import TypeAdapter

from apps.rag.answers import EVENT_NAMES, Answer, collected
from apps.rag.build import get_engine
from apps.rag.errors import RetrievalUnavailable
from apps.rag.types import AnswerEvent, Question
from kauri.lib import sse
from kauri.lib.ending import end_all
from kauri.lib.errors import KauriError, Unavailable
from kauri.problems import CONTENT_TYPE, problem

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

# Under this key Django's view finds where to leave a question that it has let in; no client can write there.
HANDED: Final = "kauri.rag.handed"
ANSWER_S: Final = 180.0
_OF_THE_BODY: Final = {b"content-length", b"content-type"}


@dataclass(slots=True)
class Handed:
    """A question on its way from Django's view to the ASGI function around it."""

    question: Question | None = None


def rag_http_routes(django_application: ASGIApp) -> list[URLPattern]:
    """Return the routes for Channels' URLRouter."""
    return [re_path(r"^v1/rag/generate$", generate(django_application))]  # type: ignore[arg-type] # an ASGI function


def generate(django_application: ASGIApp) -> ASGIApp:
    """Return the application of POST /v1/rag/generate."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        handed, held = Handed(), list[Message]()

        async def keep(message: Message) -> None:
            held.append(message)

        # What may be negotiated is settled here; Django's view only ever speaks JSON.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
        inner = {**scope, HANDED: handed, "headers": [*headers, (b"accept", b"application/json")]}
        await django_application(inner, receive, keep)
        if handed.question is None:
            for message in held:
                await send(message)
            return
        kept = [(name, value) for name, value in held[0]["headers"] if name.lower() not in _OF_THE_BODY]
        framed = _streamed if _wants_events(scope) else _whole
        await _until_left(asyncio.create_task(framed(scope, handed.question, send, kept)), receive)

    return application


def _wants_events(scope: Scope) -> bool:
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return any(part.split(b";")[0].strip().lower() == b"text/event-stream" for part in accepted.split(b","))


async def _until_left(work: asyncio.Task[None], receive: Receive) -> None:
    """Await `work`, or end it when the client has gone."""
    left = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        await end_all((work, left))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _streamed(scope: Scope, question: Question, send: Send, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [*sse.HEADERS, *headers]})
    await _body(send, sse.opening(), more=True)
    pulse = asyncio.create_task(_pulse(send))
    try:
        async with asyncio.timeout(ANSWER_S), aclosing(_events(question)) as events:
            async for event in events:
                await _body(send, _event(event))
    except Exception as failure:
        await _body(send, _frame("failed", _problem(scope, failure)))
    finally:
        await end_all((pulse,))
    await _body(send, b"", more=False)


async def _whole(scope: Scope, question: Question, send: Send, headers: Headers) -> None:
    try:
        async with asyncio.timeout(ANSWER_S), aclosing(_events(question)) as events:
            answer = await collected(events)
    except Exception as failure:
        details = _problem(scope, failure)
        body, kind, status = json.dumps(details, ensure_ascii=False).encode(), CONTENT_TYPE, int(details["status"])
    else:
        body, kind, status = _adapter(Answer).dump_json(answer), "application/json", 200
    length = str(len(body)).encode()
    own = [(b"content-type", kind.encode()), (b"content-length", length), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await _body(send, body, more=False)


async def _events(question: Question) -> AsyncGenerator[AnswerEvent, None]:
    try:
        async with aclosing(cast("AsyncGenerator[AnswerEvent, None]", get_engine().answer(question))) as events:
            async for event in events:
                yield event
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # Work that this answer waited for was cancelled, and not this answer: its reader must hear of the end.
        raise RetrievalUnavailable from cancelled


async def _pulse(send: Send) -> None:
    while True:
        await asyncio.sleep(sse.HEARTBEAT_S)
        await _body(send, sse.comment())


def _problem(scope: Scope, failure: Exception) -> dict[str, Any]:
    if isinstance(failure, KauriError):
        error = failure
    elif isinstance(failure, TimeoutError):
        error = Unavailable()
    else:
        logger.error("an answer broke", exc_info=failure)
        error = KauriError()
    with translation.override(translation.get_language_from_request(ASGIRequest(scope, io.BytesIO()))):
        return problem(error)


def _event(event: AnswerEvent) -> bytes:
    kind: Any = type(event)
    return _frame(EVENT_NAMES[kind], _adapter(kind).dump_python(event, mode="json"))


def _frame(name: str, fields: dict[str, Any]) -> bytes:
    return sse.frame(event=name, text=sse.one_line(fields))


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


async def _body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
