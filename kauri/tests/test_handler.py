"""A request through Kauri's own handler: its signals, its thread, what is no request."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.core import signals

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


async def sent(*received: dict[str, Any], headers: Any = (), path: str = LIVE) -> list[Mapping[str, Any]]:
    """Return what the handler sends for a request."""
    messages: list[Mapping[str, Any]] = []
    waiting = list(received or [{"type": "http.request", "body": b""}])

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        messages.append(message)

    head = [(b"host", b"localhost"), *headers]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": head}
    await OneThreadHandler()(scope, receive, send)
    return messages


async def test_a_request_begins_and_ends_once_in_one_thread_beside_the_loop(signalled: list[tuple[str, int]]) -> None:
    messages = await sent()
    assert (messages[0]["status"], messages[-1].get("more_body", False)) == (200, False)
    assert [name for name, _ in signalled] == ["began", "ended"]
    (thread,) = {thread for _, thread in signalled}
    assert thread != threading.get_ident()


async def test_who_leaves_before_the_end_of_the_request_is_not_answered(signalled: list[tuple[str, int]]) -> None:
    assert await sent({"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}) == []
    assert signalled == []


async def test_a_request_that_is_cut_short_ends_all_the_same(
    signalled: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(OneThreadHandler, "run_get_response", never)
    with pytest.raises(asyncio.CancelledError):
        await sent()
    assert [name for name, _ in signalled] == ["ended"]
