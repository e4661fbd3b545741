"""Streams of completions that are odd: what is taken of them, and what each is called."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

import pytest

from apps.rag.generation import errors
from apps.rag.generation.llm import OpenAIChatModel, Timeouts, close_clients
from apps.rag.ports import ChatTurn
from apps.rag.tests.providers import serve
from apps.rag.types import Usage

SAID = "Le capital est d'un million [1]."
DONE = "[DONE]"


@pytest.fixture(autouse=True)
async def _closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()


def chunk(*, index: int = 0, ending: str | int | None = None, **delta: object) -> str:
    choice = {"index": index, "delta": delta, "finish_reason": ending}
    return json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


def counts(usage: object) -> str:
    return json.dumps({"id": "c", "choices": [], "usage": usage})


async def collect(*events: str) -> tuple[str, Usage | None]:
    """Return what a model makes of a stream of these events."""
    text, usage = "", None
    with serve("sends") as server:
        server.events = list(events)
        timeouts = Timeouts(connect_s=1, first_token_s=2, gap_s=2, total_s=5)
        model = OpenAIChatModel(provider="test", model="m", base_url=server.url, api_key="k", timeouts=timeouts)
        async for delta in model.stream([ChatTurn("user", "?")]):
            text, usage = text + delta.text, delta.usage or usage
    return text, usage


@pytest.mark.parametrize(
    "events",
    [
        (chunk(content=SAID), chunk(ending="stop"), chunk(ending="stop"), DONE),
        (chunk(content=SAID), chunk(ending="stop"), chunk(content=" Encore [1]."), DONE),
        (chunk(content=SAID), chunk(ending="stop"), chunk(ending="length"), DONE),
        (
            chunk(content="Une autre [1].", index=1),
            chunk(content=SAID),
            chunk(ending="stop", index=1),
            chunk(ending="stop"),
            DONE,
        ),
        (chunk(content=SAID), chunk(tool_calls=[{"index": 0, "id": "x"}]), chunk(ending="tool_calls"), DONE),
        (chunk(content=SAID), chunk(ending="stop"), counts([1]), DONE),
        (chunk(content=SAID, ending="stop"),),
    ],
    ids=["two ends", "text after the end", "another end", "another choice", "a tool", "no counts", "no [DONE]"],
)
async def test_a_completion_is_what_its_first_choice_says_until_its_first_end(events: tuple[str, ...]) -> None:
    assert await collect(*events) == (SAID, None)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 11, "completion_tokens": 7}, Usage(11, 7)),
        ({"prompt_tokens": "many", "completion_tokens": 7}, Usage(0, 7)),
        ({"prompt_tokens": -4, "completion_tokens": None}, Usage(0, 0)),
        ({"prompt_tokens": "many"}, None),
    ],
)
async def test_counts_are_numbers_or_none(usage: object, read: Usage | None) -> None:
    assert await collect(chunk(content=SAID), chunk(ending="stop"), counts(usage), DONE) == (SAID, read)


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ("insufficient_system_resource", errors.ProviderUnavailable),
        ("error", errors.ProviderUnavailable),
        ("max_tokens", errors.ProviderTruncated),
        ("safety", errors.ProviderRefused),
    ],
)
async def test_an_end_that_is_none_is_no_end(ending: str, error: type[errors.ProviderFailed]) -> None:
    with pytest.raises(error):
        await collect(chunk(content=SAID), chunk(ending=ending), DONE)


@pytest.mark.parametrize(
    "event",
    [
        chunk(tool_calls=[{"index": 0, "id": "x"}], ending="tool_calls"),
        chunk(refusal="I cannot help.", ending="stop"),
        json.dumps({"id": "c", "choices": "x"}),
        json.dumps({"id": "c", "choices": [None]}),
        "[1, 2]",
        '{"id": "c", "x": ' + "[" * 20_000 + "]" * 20_000 + "}",
    ],
    ids=["a tool alone", "a refusal alone", "choices no list", "no choice", "a list", "nested too deep"],
)
async def test_what_is_no_completion_is_garbled(event: str) -> None:
    with pytest.raises(errors.ProviderGarbled):
        await collect(event, DONE)


async def test_who_does_not_stop_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(errors.ProviderTruncated):
        await collect(*[chunk(content="mot " * 500)] * 400, chunk(ending="stop"), DONE)
    assert time.monotonic() - started < 4


async def test_signs_of_several_bytes_may_come_byte_by_byte() -> None:
    text = "Le coût s'élève à 1\u202f000 € — « tout » 😀 [1]."
    events = [chunk(content=each) for each in text]
    assert (await collect(*events, chunk(ending="stop"), DONE))[0] == text
