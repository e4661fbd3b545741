"""One retry loop over all providers: who is asked, when, how often, and what the reader sees of it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis

from apps.rag.generation.errors import ProviderFailed, ProviderTimeout, ProviderUnavailable
from apps.rag.generation.llm import OpenAIChatModel, close_clients
from apps.rag.generation.providers import Opened, breaker_for, completion
from apps.rag.ports import ChatDelta, ChatModel, ChatTurn
from apps.rag.tests.answers import ASKED, RESULT, answer, model
from apps.rag.tests.providers import Mode, ProviderServer, serve
from apps.rag.types import Finished, ModelsFailed, Restarted, TextDelta, Usage
from kauri.lib.breaker import BreakerOpen, close_connections

ROOT = Path(__file__).resolve().parents[3]
PROMPT = (ChatTurn("user", "[1] AUSCGIE, art. 311\n<passage-x>\nLe capital.\n</passage-x>"),)


@pytest.fixture(autouse=True)
async def _closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()
    await close_connections()


@pytest.fixture
def good() -> Iterator[ProviderServer]:
    with serve("good") as server:
        yield server


async def complete(*models: ChatModel, total_s: float | None = None) -> tuple[str, list[str]]:
    """Return the text after the last attempt's opening, and who was asked in which order."""
    text, asked = "", []
    async for piece in completion(models, PROMPT, total_s=total_s):
        if isinstance(piece, Opened):
            text = ""
            asked.append(piece.model.model)
        else:
            text += piece.text
    return text, asked


@pytest.mark.parametrize(
    "mode",
    ["fails", "limited", "unpaid", "silent", "refuses", "garbled", "misshapen", "cuts", "empty", "wordless", "body"],
)
async def test_a_provider_that_fails_before_any_text_hands_over_silently(mode: Mode, good: ProviderServer) -> None:
    with serve(mode) as server:
        made = await answer(ASKED, RESULT, model(server), model(good, "second"))
    assert server.n_calls == good.n_calls == 1
    assert made.finished == Finished("model", f"second of {good.run}", "second-model", Usage(11, 7), ())
    assert made.count(Restarted) == made.count(ModelsFailed) == 0


@pytest.mark.parametrize(
    ("mode", "n_calls"),
    [("fails", 3), ("limited", 3), ("garbled", 3), ("empty", 3), ("silent", 1), ("refuses", 1), ("unpaid", 1)],
)
async def test_only_what_may_pass_is_tried_again_and_three_times_in_all(mode: Mode, n_calls: int) -> None:
    with serve(mode) as server:
        made = await answer(ASKED, RESULT, model(server))
    assert server.n_calls == n_calls
    marks = ("model_unavailable", "model_denied") if mode in ("refuses", "unpaid") else ("model_unavailable",)
    assert made.finished == Finished("extractive", "", "", Usage(), marks)
    assert made.count(ModelsFailed) == 1
    assert "Sauf dispositions" in made.text


async def test_three_attempts_are_shared_by_all_providers() -> None:
    with serve("fails") as first, serve("fails") as second, pytest.raises(ProviderUnavailable):
        await complete(model(first), model(second, "second"))
    assert first.n_calls + second.n_calls == 3
    assert min(first.n_calls, second.n_calls) == 1


async def test_a_failure_that_passes_costs_one_attempt() -> None:
    with serve("good") as server:
        server.script = ["fails", "cuts"]
        text, asked = await complete(model(server))
    assert "[1]." in text
    assert asked == ["first-model"] * 3


@pytest.mark.parametrize(("asks_s", "n_calls", "low_s", "high_s"), [("0.3", 2, 0.3, 1.5), ("30", 1, 0.0, 1.0)])
async def test_a_short_retry_after_is_waited_for_and_a_long_one_is_not(
    asks_s: str, n_calls: int, low_s: float, high_s: float
) -> None:
    with serve("good") as server:
        server.script, server.status, server.headers = ["status"], 429, {"retry-after": asks_s}
        asked = model(server)
        started = time.monotonic()
        made = await answer(ASKED, RESULT, asked)
    assert server.n_calls == n_calls
    assert made.finished.mode == ("model" if n_calls == 2 else "extractive")
    assert low_s <= time.monotonic() - started < high_s + 1.0


async def test_who_asks_to_be_left_alone_is_not_asked_before_the_others(good: ProviderServer) -> None:
    with serve("status") as server:
        server.status, server.headers = 429, {"retry-after": "1"}
        _, asked = await complete(model(server), model(good, "second"))
    assert asked == ["first-model", "second-model"]
    assert server.n_calls == 1


async def test_attempts_and_pauses_end_together() -> None:
    with serve("good", delay_s=0.2) as first, serve("good", delay_s=0.2) as second:
        first.script = ["cuts"]
        started = time.monotonic()
        with pytest.raises(ProviderFailed):
            await complete(model(first), model(second, "second"), total_s=1.0)
    assert 0.8 < time.monotonic() - started < 1.6


async def test_who_had_only_the_rest_of_the_time_is_not_blamed_for_it() -> None:
    with serve("good", delay_s=0.25) as server:
        late = model(server)
        with pytest.raises(ProviderTimeout):
            await complete(Stalling(0.7), late, total_s=1.0)
        assert breaker_for(late.provider)._local.failures == 0
        with pytest.raises(ProviderTimeout):
            await complete(late, total_s=0.6)
        assert breaker_for(late.provider)._local.failures == 1


@dataclass(frozen=True, slots=True)
class Stalling:
    """Fails after a while: what no server can time exactly."""

    seconds: float
    provider: str = field(default_factory=lambda: uuid.uuid4().hex)
    model: str = "m"

    async def stream(self, messages: Sequence[ChatTurn]) -> AsyncIterator[ChatDelta]:
        """Say nothing, then fail."""
        yield ChatDelta("")
        await asyncio.sleep(self.seconds)
        raise ProviderUnavailable


@dataclass(frozen=True, slots=True)
class Breaking:
    """Sends whole sentences, then fails: what no server can time exactly."""

    provider: str = field(default_factory=lambda: uuid.uuid4().hex)
    model: str = "m"

    async def stream(self, messages: Sequence[ChatTurn]) -> AsyncIterator[ChatDelta]:
        """Yield two sentences and break off."""
        yield ChatDelta("Le capital social est d'un million [1]. Il est divisé en parts sociales [1]. Et de plus")
        raise ProviderTimeout


async def test_a_change_of_provider_after_text_restarts_the_answer(good: ProviderServer) -> None:
    made = await answer(ASKED, RESULT, Breaking(), model(good, "second"))
    assert made.count(Restarted) == 1
    assert made.finished.model == "second-model"
    assert made.text.startswith("Le texte dispose")
    assert "million [1]" not in made.text


async def test_extracts_after_text_restart_the_answer_too() -> None:
    made = await answer(ASKED, RESULT, Breaking())
    assert made.count(Restarted) == 1
    assert made.text.startswith("Selon l’AUSCGIE")
    assert made.finished.degraded == ("model_unavailable",)


@pytest.mark.parametrize("mode", ["stalls", "breaks", "cuts", "event", "filtered"])
async def test_no_half_of_one_providers_text_stands_beside_anothers(mode: Mode, good: ProviderServer) -> None:
    with serve(mode) as server:
        made = await answer(ASKED, RESULT, model(server), model(good, "second"))
    shown = [event for event in made.events if isinstance(event, TextDelta | Restarted)]
    last = max((i for i, event in enumerate(shown) if isinstance(event, Restarted)), default=-1)
    assert bool(shown[:last]) is (last >= 0)  # restarted only where something had been shown
    assert made.finished.model == "second-model"
    assert made.text.count("Le texte dispose") == 1
    assert made.text.endswith("[1].\n")


async def test_after_five_failures_a_provider_is_left_alone() -> None:
    with serve("refuses") as server:
        for _ in range(7):
            made = await answer(ASKED, RESULT, model(server))
    assert server.n_calls == 5
    # nor is it forgotten, while nobody asks, that it is the key
    assert made.finished.degraded == ("model_unavailable", "model_denied")


@pytest.mark.parametrize("modes", [("refuses", "fails"), ("fails", "refuses")])
async def test_a_key_is_no_matter_where_another_provider_may_answer_soon(modes: tuple[Mode, Mode]) -> None:
    with serve(modes[0]) as first, serve(modes[1]) as second:
        made = await answer(ASKED, RESULT, model(first), model(second, "second"))
    assert made.finished.degraded == ("model_unavailable",)


async def test_a_question_that_a_provider_refuses_is_no_failure_of_the_provider() -> None:
    with serve("status") as server:
        server.status = 400
        for _ in range(6):
            await answer(ASKED, RESULT, model(server))
    assert server.n_calls == 6


async def test_a_reader_who_leaves_frees_the_probe() -> None:
    with serve("good", delay_s=0.05) as server:
        asked = model(server)
        breaker = breaker_for(asked.provider)
        for _ in range(5):
            await breaker.fail(await breaker.acquire())
        _end_pause(asked)
        pieces = completion([asked], PROMPT)
        async for piece in pieces:
            if isinstance(piece, ChatDelta) and piece.text:
                break
        await pieces.aclose()
        assert (await breaker.acquire()).probe


def _end_pause(asked: OpenAIChatModel) -> None:
    """Let an open breaker's thirty seconds have passed."""
    with Redis.from_url(settings.REDIS_STATE_URL) as valkey:
        valkey.hincrby(f"breaker:{{llm-{asked.provider}}}", "opened_ms", -30_001)


_ASKER = """
import asyncio, sys
import django
django.setup()
from apps.rag.generation.llm import OpenAIChatModel, Timeouts, close_clients
from apps.rag.generation.providers import Opened, completion
from apps.rag.errors import ModelFailed
from apps.rag.ports import ChatTurn
from kauri.lib.breaker import close_connections
async def ask(model):
    try:
        return sum([isinstance(piece, Opened) async for piece in completion([model], [ChatTurn("user", "?")])])
    except ModelFailed:
        return 0
async def main():
    timeouts = Timeouts(first_token_s=1)
    model = OpenAIChatModel(provider=sys.argv[1], model="m", base_url=sys.argv[2], api_key="k", timeouts=timeouts)
    await model._client()
    print("ready", flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(ask(model) for _ in range(10)))
    await close_clients()
    await close_connections()
asyncio.run(main())
"""


async def test_forty_askers_in_four_processes_probe_once() -> None:
    with serve("silent") as server, ExitStack() as stack:
        asked = model(server)
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "kauri.settings"}
        children = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", _ASKER, asked.provider, server.url],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                    env={**environment, "REDIS_STATE_URL": settings.REDIS_STATE_URL},
                )
            )
            for _ in range(4)
        ]
        for child in children:
            stack.callback(child.kill)
        for child in children:
            assert child.stdout is not None
            assert (await asyncio.to_thread(child.stdout.readline)).strip() == "ready"
        # only now: a breaker is open for half a minute, which is what four processes may take to start
        breaker = breaker_for(asked.provider)
        for _ in range(5):
            await breaker.fail(await breaker.acquire())
        with pytest.raises(BreakerOpen):
            await breaker.acquire()
        _end_pause(asked)
        await asyncio.gather(*(asyncio.to_thread(child.communicate, "go\n") for child in children))
        assert [child.returncode for child in children] == [0, 0, 0, 0]
        assert server.n_calls == 1
