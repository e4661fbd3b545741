"""The client of language models against real servers on loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from email.utils import formatdate

import pytest

from apps.rag.errors import ModelFailed
from apps.rag.generation import errors
from apps.rag.generation.faults import retry_after_s
from apps.rag.generation.llm import OpenAIChatModel, Timeouts, build_chat_models, close_clients
from apps.rag.ports import ChatTurn
from apps.rag.tests.providers import Mode, serve
from apps.rag.types import Usage

PROMPT = (
    ChatTurn("system", "règles secrètes"),
    ChatTurn("user", "[1] AUSCGIE, art. 311\n<passage-x>\nLe capital est d'un million.\n</passage-x>\nQuestion : ?"),
)
FAST = Timeouts(connect_s=0.3, first_token_s=0.5, gap_s=0.5, total_s=1.5)


@pytest.fixture(autouse=True)
async def _closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()


def model_at(url: str, timeouts: Timeouts = FAST) -> OpenAIChatModel:
    return OpenAIChatModel(provider="test", model="m", base_url=url, api_key="sk-secret-key", timeouts=timeouts)


async def collect(model: OpenAIChatModel) -> tuple[str, Usage | None]:
    text, usage = "", None
    async for delta in model.stream(PROMPT):
        text += delta.text
        usage = delta.usage or usage
    return text, usage


async def test_it_streams_text_and_usage() -> None:
    with serve("good") as server:
        text, usage = await collect(model_at(server.url))
    assert text == "Le texte dispose : « Le capital est d'un million » [1].\n"
    assert usage == Usage(11, 7)
    assert server.prompts[0][0] == {"role": "system", "content": "règles secrètes"}


@pytest.mark.parametrize(
    ("mode", "error", "is_permanent", "says_nothing"),
    [
        ("silent", errors.ProviderTimeout, False, False),
        ("stalls", errors.ProviderTimeout, False, False),
        ("fails", errors.ProviderUnavailable, False, False),
        ("limited", errors.ProviderRateLimited, False, False),
        ("unpaid", errors.ProviderDenied, True, False),
        ("refuses", errors.ProviderDenied, True, False),
        ("breaks", errors.ProviderUnavailable, False, False),
        ("cuts", errors.ProviderUnavailable, False, False),
        ("empty", errors.ProviderUnavailable, False, False),
        ("garbled", errors.ProviderGarbled, False, False),
        ("misshapen", errors.ProviderGarbled, False, False),
        ("wordless", errors.ProviderGarbled, False, False),
        ("filtered", errors.ProviderRefused, True, True),
        ("truncates", errors.ProviderTruncated, True, False),
    ],
)
async def test_each_failure_has_its_name(
    mode: Mode, error: type[ModelFailed], *, is_permanent: bool, says_nothing: bool
) -> None:
    with serve(mode) as server, pytest.raises(errors.ProviderFailed) as caught:
        await collect(model_at(server.url))
    assert type(caught.value) is error
    assert (caught.value.permanent, caught.value.says_nothing) == (is_permanent, says_nothing)
    assert server.n_calls == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, errors.ProviderRefused),
        (401, errors.ProviderDenied),
        (402, errors.ProviderDenied),
        (403, errors.ProviderDenied),
        (404, errors.ProviderDenied),
        (408, errors.ProviderUnavailable),
        (409, errors.ProviderUnavailable),
        (413, errors.ProviderRefused),
        (422, errors.ProviderRefused),
        (425, errors.ProviderUnavailable),
        (429, errors.ProviderRateLimited),
        (500, errors.ProviderUnavailable),
        (502, errors.ProviderUnavailable),
        (503, errors.ProviderUnavailable),
        (529, errors.ProviderUnavailable),
    ],
)
async def test_each_status_has_its_rule(status: int, error: type[ModelFailed]) -> None:
    with serve("status") as server:
        server.status, server.error = status, {"message": "no", "type": "invalid_request_error", "code": None}
        with pytest.raises(ModelFailed) as caught:
            await collect(model_at(server.url))
    assert type(caught.value) is error


@pytest.mark.parametrize("mode", ["body", "event"])
@pytest.mark.parametrize(
    ("error", "named"),
    [
        ({"message": "busy", "code": "rate_limit_exceeded"}, errors.ProviderRateLimited),
        ({"message": "busy", "code": 429}, errors.ProviderRateLimited),
        ({"message": "pay", "type": "insufficient_quota"}, errors.ProviderDenied),
        ({"message": "key", "type": "invalid_request_error", "code": "invalid_api_key"}, errors.ProviderDenied),
        ({"message": "which?", "code": "model_not_found"}, errors.ProviderDenied),
        ({"message": "too long", "code": "context_length_exceeded"}, errors.ProviderRefused),
        ({"message": "bad gateway", "code": 502}, errors.ProviderUnavailable),
        ({"message": "who knows"}, errors.ProviderUnavailable),
    ],
)
async def test_an_error_in_a_200_is_named_by_its_code(
    mode: Mode, error: dict[str, object], named: type[ModelFailed]
) -> None:
    with serve(mode) as server:
        server.error = error
        with pytest.raises(ModelFailed) as caught:
            await collect(model_at(server.url))
    assert type(caught.value) is named


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"retry-after": "0.4"}, 0.4, 0.4),
        ({"retry-after": "-3"}, 0, 0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.2, 0.3),
        ({"retry-after": "in an hour"}, 3_000, 3_600),
        ({"retry-after": "an hour ago"}, 0, 0),
    ],
)
async def test_a_retry_after_is_read_in_each_of_its_forms(headers: dict[str, str], low: float, high: float) -> None:
    # dates are made here and not above, which is read when the run begins
    dates = {"in an hour": time.time() + 3_600, "an hour ago": time.time() - 3_600}
    with serve("status") as server:
        server.status = 429
        server.headers = {
            name: formatdate(dates[value], usegmt=True) if value in dates else value for name, value in headers.items()
        }
        with pytest.raises(errors.ProviderRateLimited) as caught:
            await collect(model_at(server.url))
    assert caught.value.retry_after_s is not None
    assert low <= caught.value.retry_after_s <= high


@pytest.mark.parametrize("written", ["", "soon", "inf", "nan", "1e400", "Sun, 99 Nov 2026 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing_is_none(written: str) -> None:
    assert retry_after_s({"retry-after": written}) is None


async def test_a_closed_port_is_unavailable() -> None:
    with pytest.raises(errors.ProviderUnavailable):
        await collect(model_at("http://127.0.0.1:1/v1"))


async def test_a_port_that_takes_no_connection_meets_the_limit_of_connecting() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # with its queue full, the kernel answers no other caller
        waiting = [socket.socket() for _ in range(4)]
        for caller in waiting:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        started = time.monotonic()
        with pytest.raises(errors.ProviderTimeout):
            await collect(model_at(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", replace(FAST, first_token_s=5)))
        assert 0.2 < time.monotonic() - started < 1.5
        for caller in waiting:
            caller.close()


async def test_the_first_word_has_its_own_limit() -> None:
    with serve("silent") as server:
        started = time.monotonic()
        with pytest.raises(errors.ProviderTimeout):
            await collect(model_at(server.url))
    assert 0.4 < time.monotonic() - started < 1.4


async def test_a_silence_after_the_first_word_has_another() -> None:
    with serve("stalls") as server:
        started = time.monotonic()
        with pytest.raises(errors.ProviderTimeout):
            await collect(model_at(server.url, replace(FAST, first_token_s=5, gap_s=0.2, total_s=9)))
    assert 0.15 < time.monotonic() - started < 1.5


async def test_a_drip_that_never_ends_meets_the_total_limit() -> None:
    with serve("good", delay_s=0.3) as server:
        started = time.monotonic()
        with pytest.raises(errors.ProviderTimeout):
            await collect(model_at(server.url))
    assert 1.2 < time.monotonic() - started < 2.5


async def test_a_completion_is_whole_though_the_connection_stays_open() -> None:
    with serve("lingers") as server:
        started = time.monotonic()
        text, usage = await collect(model_at(server.url, replace(FAST, gap_s=9, total_s=9)))
    assert text.endswith("[1].\n")
    assert usage == Usage(11, 7)
    assert time.monotonic() - started < 3


async def test_a_model_that_thinks_aloud_is_alive_and_its_thoughts_are_not_shown() -> None:
    with serve("thinks") as server:
        text, _ = await collect(model_at(server.url))
    assert text == "Le texte dispose : « Le capital est d'un million » [1].\n"


async def test_leaving_early_hangs_up_on_the_provider() -> None:
    with serve("good", delay_s=0.05) as server:
        stream = model_at(server.url).stream(PROMPT)
        async for delta in stream:
            if delta.text:
                break
        await stream.aclose()
        for _ in range(100):
            if not server.n_open:
                break
            await asyncio.sleep(0.02)
        assert server.n_open == 0


async def test_neither_prompt_nor_key_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serve("good") as server:
        model = model_at(server.url)
        await collect(model)
    seen = caplog.text + repr(model)
    assert "sk-secret-key" not in seen
    assert "secrètes" not in seen


def test_no_key_no_provider() -> None:
    assert build_chat_models() == ()
