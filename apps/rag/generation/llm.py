"""Language models behind any OpenAI-compatible address: streaming, time limits, named failures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from django.conf import settings

from apps.rag.generation.errors import ProviderGarbled, ProviderRefused, ProviderTruncated, ProviderUnavailable
from apps.rag.generation.faults import named, named_failures
from apps.rag.ports import ChatDelta, ChatTurn
from apps.rag.types import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

_MAX_COMPLETION_TOKENS = 1_200
_MAX_ERROR_BODY = 65_536
_MAX_COMPLETION_CHARS = 24_000  # four times what was asked for: who sends more does not keep to it
# What providers write as the reason of an end that is none; DeepSeek the first, when its machines are full.
_BROKEN_OFF = frozenset({"insufficient_system_resource", "error", "abort", "aborted", "cancelled"})
_CUT = frozenset({"length", "max_tokens"})
_FILTERED = frozenset({"content_filter", "safety", "recitation"})
_AFTER_END_S = 1.0  # how long the count of tokens is waited for, once the completion has ended


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one call, in seconds. `gap_s` is the longest silence once words flow."""

    connect_s: float = 2.0
    first_token_s: float = 6.0
    gap_s: float = 15.0
    total_s: float = 60.0


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

    async def stream(self, messages: Sequence[ChatTurn]) -> AsyncGenerator[ChatDelta, None]:
        """Yield the completion as it comes; the last delta may carry the usage and no text.

        Raises a ProviderFailed, by the table in `generation.errors`; ProviderTruncated after the last delta.
        """
        client = await self._client()
        started = asyncio.get_running_loop().time()
        async with named_failures():
            async with asyncio.timeout_at(started + self.timeouts.first_token_s):
                chunks = await self._open(client, messages)
                await _require_stream(chunks)
            try:
                async for delta in self._deltas(chunks, started):
                    yield delta
            finally:
                await chunks.close()

    async def _open(self, client: AsyncOpenAI, messages: Sequence[ChatTurn]) -> AsyncStream[object]:
        from openai import AsyncStream  # noqa: PLC0415 - see _make_client

        # `chat.completions.create` makes objects of every piece: a quarter of a millisecond each on the loop that all
        # streams share, and a first sentence has dozens. Here they stay plain JSON.
        return await client.post(
            "/chat/completions",
            body={
                "model": self.model,
                "messages": [{"role": turn.role, "content": turn.content} for turn in messages],
                "stream": True,
                "stream_options": {"include_usage": True},
                "temperature": 0,
                "max_tokens": _MAX_COMPLETION_TOKENS,
            },
            cast_to=object,
            stream=True,
            stream_cls=AsyncStream[object],
        )

    async def _deltas(self, chunks: AsyncStream[object], started: float) -> AsyncGenerator[ChatDelta, None]:
        iterator = aiter(chunks)
        limit = started + self.timeouts.first_token_s
        ending, n_chars = "", 0
        while True:
            try:
                async with asyncio.timeout_at(min(limit, started + self.timeouts.total_s)):
                    chunk = await anext(iterator, None)
            except TimeoutError:
                if not ending:
                    raise
                break  # whole, though the connection was not closed
            if chunk is None:
                break
            read = _read(chunk)
            text = "" if ending else read.delta.text  # what comes after the end is no part of it
            ending, n_chars = ending or read.finish_reason, n_chars + len(text)
            if ending or read.is_alive:
                limit = asyncio.get_running_loop().time() + (_AFTER_END_S if ending else self.timeouts.gap_s)
            if text or read.delta.usage:
                yield ChatDelta(text, read.delta.usage)
            if n_chars > _MAX_COMPLETION_CHARS:
                raise ProviderTruncated
        _require_end(ending, has_text=n_chars > 0)

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

        return AsyncOpenAI(
            api_key=self.api_key,
            base_url=self.base_url,
            max_retries=0,
            timeout=Timeout(self.timeouts.total_s, connect=self.timeouts.connect_s),
        )


def build_chat_models() -> tuple[OpenAIChatModel, ...]:
    """Return the configured providers in the order in which they are asked."""
    timeouts = Timeouts(
        connect_s=settings.KAURI_LLM_CONNECT_TIMEOUT_S,
        first_token_s=settings.KAURI_LLM_FIRST_TOKEN_TIMEOUT_S,
        gap_s=settings.KAURI_LLM_GAP_TIMEOUT_S,
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


def load_client() -> None:
    """Import the providers' client, which takes up to five seconds, so that no question waits for it."""
    import openai  # noqa: PLC0415, F401 - see above


async def close_clients() -> None:
    """Close this loop's connections to all providers."""
    for client in OpenAIChatModel._clients.pop(asyncio.get_running_loop(), {}).values():  # noqa: SLF001 - the class is this module's
        await client.close()


async def _require_stream(chunks: AsyncStream[object]) -> None:
    """Raise what a body says that is no stream of events: some gateways report errors with a status of 200."""
    if "json" not in chunks.response.headers.get("content-type", ""):
        return
    body = b""
    async for part in chunks.response.aiter_bytes():
        body += part
        if len(body) > _MAX_ERROR_BODY:
            break
    await chunks.close()
    try:
        said = json.loads(body)
    except ValueError as error:
        raise ProviderGarbled from error
    if isinstance(said, dict) and said.get("error"):
        raise named(0, said)
    raise ProviderGarbled


def _require_end(ending: str, *, has_text: bool) -> None:
    if not ending or ending in _BROKEN_OFF:
        raise ProviderUnavailable  # the connection ended, the completion did not
    if ending in _FILTERED:
        raise ProviderRefused
    if not has_text:
        raise ProviderGarbled
    if ending in _CUT:
        raise ProviderTruncated


@dataclass(frozen=True, slots=True)
class _Chunk:
    """One event of a stream; `is_alive` tells that the model is at work, be it on thoughts that nobody is shown."""

    delta: ChatDelta
    finish_reason: str
    is_alive: bool


def _read(chunk: object) -> _Chunk:
    fields = _object(chunk)
    counted = _counted(fields.get("usage"))
    choices = fields.get("choices") or []
    if not isinstance(choices, list):
        raise ProviderGarbled
    # one choice was asked for, the first
    choice = next((each for each in map(_object, choices) if not each.get("index")), None)
    if choice is None:
        return _Chunk(ChatDelta("", counted), "", is_alive=False)
    delta = _object(choice.get("delta") or {})
    text = delta.get("content")
    if text is not None and not isinstance(text, str):
        raise ProviderGarbled
    is_alive = bool(text or delta.get("reasoning_content"))
    return _Chunk(ChatDelta(text or "", counted), str(choice.get("finish_reason") or ""), is_alive=is_alive)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ProviderGarbled
    return value


def _counted(usage: object) -> Usage | None:
    """Return the tokens that a provider counted; a count that cannot be read spoils no completion."""
    fields = usage if isinstance(usage, dict) else {}
    counts = [fields.get(name) for name in ("prompt_tokens", "completion_tokens")]
    if not any(isinstance(count, int) for count in counts):
        return None
    return Usage(*(count if isinstance(count, int) and count > 0 else 0 for count in counts))
