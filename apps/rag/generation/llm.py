"""Language models behind any OpenAI-compatible address: streaming, time limits, named failures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast
from weakref import WeakKeyDictionary

from django.conf import settings

from apps.rag.errors import ModelFailed
from apps.rag.generation.errors import (
    ProviderGarbled,
    ProviderRateLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderTruncated,
    ProviderUnavailable,
)
from apps.rag.ports import ChatDelta, ChatTurn
from apps.rag.types import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

_MAX_COMPLETION_TOKENS = 1_200
_PERMANENT_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one call, in seconds. `next_token_s` is the longest silence once words flow."""

    connect_s: float = 5.0
    first_token_s: float = 15.0
    next_token_s: float = 15.0
    total_s: float = 90.0


@dataclass(frozen=True, slots=True)
class OpenAIChatModel:
    """One provider. Holds no connection of its own to the database and logs neither prompts nor keys."""

    provider: str
    model: str
    base_url: str
    api_key: str = field(repr=False)
    timeouts: Timeouts = Timeouts()
    # A client's connections belong to the loop that opened them.
    _clients: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], AsyncOpenAI]]] = (
        WeakKeyDictionary()
    )

    async def stream(self, messages: Sequence[ChatTurn]) -> AsyncIterator[ChatDelta]:
        """Yield the completion as it comes; the last delta may carry the usage and no text.

        Raises a ModelFailed: ProviderTimeout, ProviderUnavailable, ProviderRateLimited, ProviderRefused or
        ProviderGarbled; after the last delta ProviderTruncated where the length limit cut it. A completion that
        ends without saying that it ended is ProviderUnavailable.
        """
        client = await self._client()
        started = asyncio.get_running_loop().time()
        async with _named_failures():
            async with asyncio.timeout_at(started + self.timeouts.first_token_s):
                chunks = await self._open(client, messages)
            try:
                async for delta in self._deltas(chunks, started):
                    yield delta
            finally:
                await chunks.close()

    async def _open(self, client: AsyncOpenAI, messages: Sequence[ChatTurn]) -> AsyncStream[ChatCompletionChunk]:
        return await client.chat.completions.create(
            model=self.model,
            messages=cast(
                "list[ChatCompletionMessageParam]", [{"role": t.role, "content": t.content} for t in messages]
            ),
            stream=True,
            stream_options={"include_usage": True},
            temperature=0,
            max_tokens=_MAX_COMPLETION_TOKENS,
        )

    async def _deltas(self, chunks: AsyncStream[ChatCompletionChunk], started: float) -> AsyncIterator[ChatDelta]:
        iterator = aiter(chunks)
        limit = started + self.timeouts.first_token_s
        ending = ""
        while True:
            async with asyncio.timeout_at(min(limit, started + self.timeouts.total_s)):
                chunk = await anext(iterator, None)
            if chunk is None:
                break
            delta, finish_reason = _read(chunk)
            ending = finish_reason or ending
            if delta.text:
                limit = asyncio.get_running_loop().time() + self.timeouts.next_token_s
            if delta.text or delta.usage:
                yield delta
        _require_end(ending)

    async def _client(self) -> AsyncOpenAI:
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        key = (self.base_url, self.api_key)
        if key not in clients:
            made = await asyncio.to_thread(self._make_client)
            clients.setdefault(key, made)
        return clients[key]

    def _make_client(self) -> AsyncOpenAI:
        # Importing openai takes up to five seconds: only where a provider is used, and not on the event loop.
        from openai import AsyncOpenAI, Timeout  # noqa: PLC0415 - see the line above

        client = AsyncOpenAI(
            api_key=self.api_key,
            base_url=self.base_url,
            max_retries=0,
            timeout=Timeout(self.timeouts.total_s, connect=self.timeouts.connect_s),
        )
        _ = client.chat.completions  # imports the rest
        return client


def build_chat_models() -> tuple[OpenAIChatModel, ...]:
    """Return the configured providers in the order in which they are asked."""
    timeouts = Timeouts(
        connect_s=settings.KAURI_LLM_CONNECT_TIMEOUT_S,
        first_token_s=settings.KAURI_LLM_FIRST_TOKEN_TIMEOUT_S,
        next_token_s=settings.KAURI_LLM_FIRST_TOKEN_TIMEOUT_S,
        total_s=settings.KAURI_LLM_TOTAL_TIMEOUT_S,
    )
    return tuple(
        OpenAIChatModel(
            provider=provider["name"],
            model=provider["model"],
            base_url=provider["base_url"],
            api_key=provider["api_key"],
            timeouts=timeouts,
        )
        for provider in settings.KAURI_LLM_PROVIDERS
    )


async def close_clients() -> None:
    """Close this loop's connections to all providers."""
    for client in OpenAIChatModel._clients.pop(asyncio.get_running_loop(), {}).values():  # noqa: SLF001 - the class is this module's
        await client.close()


def _require_end(ending: str) -> None:
    if not ending:
        raise ProviderUnavailable  # the connection ended, the completion did not
    if ending == "content_filter":
        raise ProviderRefused
    if ending == "length":
        raise ProviderTruncated


def _read(chunk: ChatCompletionChunk) -> tuple[ChatDelta, str | None]:
    usage = chunk.usage
    counted = Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0) if usage else None
    if not chunk.choices:
        return ChatDelta("", counted), None
    choice = chunk.choices[0]
    text = choice.delta.content if choice.delta else None
    return ChatDelta(text or "", counted), choice.finish_reason


@asynccontextmanager
async def _named_failures() -> AsyncIterator[None]:
    import openai  # noqa: PLC0415 - see _make_client

    try:
        yield
    except (TimeoutError, openai.APITimeoutError) as error:
        raise ProviderTimeout from error
    except openai.APIStatusError as error:
        raise _named(error.status_code, error.body) from error
    except openai.APIConnectionError as error:
        raise ProviderUnavailable from error
    except openai.APIError as error:
        raise _named(0, error.body) from error
    except (json.JSONDecodeError, AttributeError, TypeError, UnicodeDecodeError) as error:
        raise ProviderGarbled from error


def _named(status: int, body: object) -> ModelFailed:
    """Name a failure by its HTTP status, or by its body where it came inside a stream."""
    code = str(cast("dict[str, Any]", body).get("code")) if isinstance(body, dict) else ""
    if code in _PERMANENT_CODES:
        return ProviderRefused()
    if status == 429 or code == "rate_limit_exceeded":
        return ProviderRateLimited()
    if status in {408, 409, 425} or status >= 500 or status == 0:
        return ProviderUnavailable()
    return ProviderRefused(extra={"status": status})
