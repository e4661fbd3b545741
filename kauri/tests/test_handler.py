"""A request through Kauri's own handler: its signals, its thread, what is no request."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from django.core import signals
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from kauri.handler import OneThreadHandler

LIVE = "/v1/health/live"


@pytest.fixture
def signalled() -> Iterator[list[tuple[str, int]]]:
    """Return the signals of requests as they come, each with its thread."""
    heard: list[tuple[str, int]] = []

    def began(**_: object) -> None:
        heard.append(("began", threading.get_ident()))

    def ended(**_: object) -> None:
        heard.append(("ended", threading.get_ident()))

    signals.request_started.connect(began)
    signals.request_finished.connect(ended)
    yield heard
    signals.request_started.disconnect(began)
    signals.request_finished.disconnect(ended)


async def sent(
    *received: dict[str, Any], headers: Any = (), address: str = LIVE, query: bytes = b""
) -> list[Mapping[str, Any]]:
    """Return what the handler sends for a request."""
    messages: list[Mapping[str, Any]] = []
    waiting = list(received or [{"type": "http.request", "body": b""}])

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        messages.append(message)

    head = [(b"host", b"localhost"), *headers]
    scope = {"type": "http", "method": "GET", "path": address, "query_string": query, "headers": head}
    await OneThreadHandler()(scope, receive, send)
    return messages


async def test_a_request_begins_and_ends_once_in_one_thread_beside_the_loop(signalled: list[tuple[str, int]]) -> None:
    messages = await sent()
    assert (messages[0]["status"], messages[-1].get("more_body", False)) == (200, False)
    assert [name for name, _ in signalled] == ["began", "ended"]
    (thread,) = {thread for _, thread in signalled}
    assert thread != threading.get_ident()


@pytest.mark.django_db(transaction=True)
async def test_threads_are_kept_for_the_next_requests_and_connections_are_not(
    signalled: list[tuple[str, int]], settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__
    for _ in range(20):
        messages = await sent(address="/connected")
        assert messages[1]["body"] == b"none before"
    # one that is on its way back to the others cannot be given the next request yet
    assert len({thread for _, thread in signalled}) < 5


async def test_what_streams_ends_after_its_last_byte(signalled: list[tuple[str, int]], settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    messages = await sent(address="/streamed")
    assert b"".join(message.get("body", b"") for message in messages[1:]) == b"one two"
    assert [name for name, _ in signalled] == ["began", "ended"]


async def test_a_view_that_breaks_ends_its_request_too(signalled: list[tuple[str, int]], settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    messages = await sent(address="/broken")
    assert (messages[0]["status"], [name for name, _ in signalled]) == (500, ["began", "ended"])


async def test_a_request_that_cannot_be_read_is_refused(signalled: list[tuple[str, int]]) -> None:
    messages = await sent(query=b"\xff")
    assert (messages[0]["status"], [name for name, _ in signalled]) == (400, ["ended"])


async def test_who_leaves_before_the_end_of_the_request_is_not_answered(signalled: list[tuple[str, int]]) -> None:
    assert await sent({"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}) == []
    assert signalled == []


async def test_a_request_whose_task_is_ended_ends_once(signalled: list[tuple[str, int]], settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    _go_on.clear()
    task = asyncio.create_task(sent(address="/waiting"))
    while not signalled:
        await asyncio.sleep(0.01)
    task.cancel()
    _go_on.set()
    await asyncio.wait({task})
    async with asyncio.timeout(10):  # its thread goes on to the end of the view
        while len(signalled) < 2:
            await asyncio.sleep(0.01)
    assert [name for name, _ in signalled] == ["began", "ended"]


_go_on = threading.Event()


def _connected(_: HttpRequest) -> HttpResponse:
    before = "none before" if connection.connection is None else "one before"
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(before)


def _waiting(_: HttpRequest) -> HttpResponse:
    _go_on.wait(10)
    return HttpResponse()


def _streamed(_: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingHttpResponse(parts())


def _broken(_: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    path("connected", _connected),
    path("waiting", _waiting),
    path("streamed", _streamed),
    path("broken", _broken),
]
