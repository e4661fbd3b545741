"""Answers over HTTP as plain ASGI: the event stream, and the three shapes of a question.

A streaming view of Django holds a thread for each open stream, and a Channels consumer does not see
its client leave: so these functions stand before Django's handler and await `receive` beside sending.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer

from apps.accounts.auth import principal_from_scope
from apps.chat import metrics
from apps.chat.api import TURN_HEADER
from apps.chat.selectors import turn_begun, turn_log
from apps.chat.serializers import AnswerSerializer
from apps.chat.turns import runner
from apps.chat.types import TurnLogState
from kauri.lib import sse
from kauri.lib.db import run_db
from kauri.lib.ending import end_all
from kauri.lib.errors import DatabaseAway, InvalidInput, KauriError, MethodNotAllowed, NotAuthenticated, NotFound
from kauri.lib.turnhub import Listener
from kauri.lib.turnlog import Entry
from kauri.problems import CONTENT_TYPE, DATABASE_FAULTS, problem_body

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

JSON_WAIT_S = 200.0
_TURN_HEADER = TURN_HEADER.lower().encode()
_OF_THE_BODY = {b"content-length", b"content-type", b"location", _TURN_HEADER}


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """GET /v1/chat/stream?response_id=: the events of a turn from `Last-Event-ID` on.

    204 where nothing follows that id, so that an EventSource comes no more.
    """
    if scope["method"] != "GET":
        await _problem(scope, send, MethodNotAllowed(), (b"allow", b"GET"))
        return
    try:
        turn_id, after = _asked_for(scope)
        state = await run_db(_state, scope, turn_id)
    except KauriError as error:
        await _problem(scope, send, error)
        return
    except DATABASE_FAULTS:
        await _problem(scope, send, DatabaseAway())
        return
    if state.is_live:
        await follow(runner().hub.listen(turn_id, after), receive, send, ())
        return
    rest = [entry for entry in state.entries if entry.seq > after]
    if rest:
        await _start(send, ())
        await _send(send, b"".join((sse.opening(), *map(_frame, rest))), more=False)
    else:
        await _reply(send, 204, b"", [])


def query(django_application: ASGIApp) -> ASGIApp:
    """Return the application of POST /v1/chat/query: Django takes the question, this frames the answer."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        held = _Held()
        # What may be negotiated is settled here; Django's view only ever speaks JSON.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
        inner = {**scope, "headers": [*headers, (b"accept", b"application/json")]}
        taking = asyncio.ensure_future(django_application(inner, receive, held.keep))
        try:
            # the answer is framed as soon as Django's response is there
            await held.until_whole(taking)
            turn_id = held.take_turn()
            if turn_id is None or _prefers(scope, b"prefer", b"respond-async"):
                for message in held.messages:
                    await send(message)
            elif _prefers(scope, b"accept", b"text/event-stream"):
                await follow(runner().hub.listen(turn_id, 0), receive, send, held.headers)
            else:
                await _wait(turn_id, receive, send, held)
        finally:
            await taking

    return application


class _Held:
    """A response of Django's kept back until it is known what becomes of it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._whole = asyncio.Event()

    async def keep(self, message: Message) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._whole.set()

    async def until_whole(self, taking: "asyncio.Future[None]") -> None:
        """Wait for the last of the response, or for the end of `taking`, which may come without one."""
        taking.add_done_callback(lambda _: self._whole.set())
        await self._whole.wait()

    def take_turn(self) -> UUID | None:
        """Return the turn that the request has begun; its header goes no further."""
        if not self.messages:
            return None
        start = self.messages[0]
        headers = {bytes(name).lower(): value for name, value in start["headers"]}
        turn = headers.get(_TURN_HEADER)
        start["headers"] = [pair for pair in start["headers"] if bytes(pair[0]).lower() != _TURN_HEADER]
        return UUID(turn.decode()) if turn and start["status"] == 202 else None

    @property
    def headers(self) -> Headers:
        """Those headers that hold for any body."""
        return [(name, value) for name, value in self.messages[0]["headers"] if name.lower() not in _OF_THE_BODY]


async def follow(listener: Listener, receive: Receive, send: Send, headers: Headers) -> None:
    """Send what a listener hears, with these headers besides the stream's, until its end or the client's leave."""
    pump = asyncio.create_task(_pump(listener, send, headers))
    with metrics.STREAMS_OPEN.track_inprogress():
        await _until_left(pump, listener, receive)


async def _until_left(work: asyncio.Task[None], listener: Listener, receive: Receive) -> None:
    """Await `work`, or end it when the client has gone."""
    left = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        await end_all((work, left))
        listener.close()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _pump(listener: Listener, send: Send, headers: Headers) -> None:
    await _start(send, headers)
    await _send(send, sse.opening(), more=True)
    while True:
        try:
            async with asyncio.timeout(sse.HEARTBEAT_S):
                entries = await listener.next()
        except TimeoutError:
            await _send(send, sse.comment(), more=True)
            continue
        if not entries:
            await _send(send, sse.frame(event="reconnect", text="{}"), more=False)
            return
        is_over = entries[-1].is_terminal
        await _send(send, b"".join(map(_frame, entries)), more=not is_over)
        if is_over:
            return


async def _wait(turn_id: UUID, receive: Receive, send: Send, held: _Held) -> None:
    listener = runner().hub.listen(turn_id, 0)
    waiting = asyncio.create_task(_answer(turn_id, listener, send, held))
    await _until_left(waiting, listener, receive)


async def _answer(turn_id: UUID, listener: Listener, send: Send, held: _Held) -> None:
    try:
        async with asyncio.timeout(JSON_WAIT_S):
            while (entries := await listener.next()) and not entries[-1].is_terminal:
                pass
    except TimeoutError:
        entries = ()
    if not entries:
        # This process goes down, or the answer takes very long: the client has where to ask again.
        for message in held.messages:
            await send(message)
        return
    body = await run_db(_answer_json, turn_id)
    await _reply(send, 200, body, [(b"content-type", b"application/json"), *held.headers])


def _answer_json(turn_id: UUID) -> bytes:
    rendered: bytes = JSONRenderer().render(AnswerSerializer(turn_begun(turn_id)).data)
    return rendered


def _state(scope: Scope, turn_id: UUID) -> TurnLogState:
    principal = principal_from_scope(scope)
    if principal.is_anonymous:
        raise NotAuthenticated
    return turn_log(principal, turn_id)


def _asked_for(scope: Scope) -> tuple[UUID, int]:
    params = {name: values[-1] for name, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()}
    last_id = _header(scope, b"last-event-id").decode("latin-1") or params.get("last_event_id", "")
    try:
        turn_id = UUID(params.get("response_id", ""))
    except ValueError as error:
        raise NotFound from error
    try:
        return turn_id, sse.sequence_of(last_id.strip())
    except ValueError as error:
        raise InvalidInput(_("Last-Event-ID is not the id of an event.")) from error


def _frame(entry: Entry) -> bytes:
    return sse.frame(event=entry.event, text=entry.text, event_id=f"{entry.seq}-0")


def _header(scope: Scope, name: bytes) -> bytes:
    return b",".join(value for key, value in scope["headers"] if key == name)


def _prefers(scope: Scope, name: bytes, token: bytes) -> bool:
    return any(part.split(b";")[0].strip().lower() == token for part in _header(scope, name).split(b","))


async def _start(send: Send, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [*sse.HEADERS, *headers]})


async def _send(send: Send, body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _reply(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = [] if status == 204 else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await _send(send, body, more=False)


async def _problem(scope: Scope, send: Send, error: KauriError, *more: tuple[bytes, bytes]) -> None:
    with translation.override(translation.get_language_from_request(ASGIRequest(scope, io.BytesIO()))):
        body = problem_body(error)
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"cache-control", b"no-store"), *more]
    if error.status == 401:
        headers.append((b"www-authenticate", b"Session"))
    await _reply(send, error.status, body, headers)
