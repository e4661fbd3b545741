"""The client of language models against real servers on loopback."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest

from apps.rag.errors import ModelFailed
from apps.rag.generation import errors
from apps.rag.generation.llm import OpenAIChatModel, Timeouts, build_chat_models, close_clients
from apps.rag.ports import ChatTurn
from apps.rag.tests.providers import Mode, serve
from apps.rag.types import Usage

PROMPT = (
    ChatTurn("system", "règles secrètes"),
    ChatTurn("user", "[1] AUSCGIE, art. 311\n<passage-x>\nLe capital est d'un million.\n</passage-x>\nQuestion : ?"),
)
FAST = Timeouts(connect_s=1, first_token_s=0.4, next_token_s=0.4, total_s=1.5)


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
    ("mode", "error", "is_permanent"),
    [
        ("silent", errors.ProviderTimeout, False),
        ("stalls", errors.ProviderTimeout, False),
        ("fails", errors.ProviderUnavailable, False),
        ("limited", errors.ProviderRateLimited, False),
        ("unpaid", errors.ProviderRefused, True),
        ("refuses", errors.ProviderRefused, True),
        ("breaks", errors.ProviderUnavailable, False),
        ("cuts", errors.ProviderUnavailable, False),
        ("garbled", errors.ProviderGarbled, False),
        ("truncates", errors.ProviderTruncated, True),
    ],
)
async def test_each_failure_has_its_name(mode: Mode, error: type[ModelFailed], *, is_permanent: bool) -> None:
    with serve(mode) as server, pytest.raises(ModelFailed) as caught:
        await collect(model_at(server.url))
    assert type(caught.value) is error
    assert caught.value.permanent is is_permanent
    assert server.n_calls == 1


async def test_a_closed_port_is_unavailable() -> None:
    with pytest.raises(errors.ProviderUnavailable):
        await collect(model_at("http://127.0.0.1:1/v1"))


async def test_the_first_word_has_its_own_limit() -> None:
    with serve("silent") as server:
        started = time.monotonic()
        with pytest.raises(errors.ProviderTimeout):
            await collect(model_at(server.url))
    assert 0.3 < time.monotonic() - started < 1.2


async def test_a_drip_that_never_ends_meets_the_total_limit() -> None:
    with serve("good", delay_s=0.3) as server:
        started = time.monotonic()
        with pytest.raises(errors.ProviderTimeout):
            await collect(model_at(server.url))
    assert 1.2 < time.monotonic() - started < 2.5


async def test_leaving_early_hangs_up_on_the_provider() -> None:
    with serve("good", delay_s=0.05) as server:
        stream = model_at(server.url).stream(PROMPT)
        async for delta in stream:
            if delta.text:
                break
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator behind the port's type
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
