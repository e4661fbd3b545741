"""The answers on Valkey, and the lease of who computes one. Valkey is a hint: without it every answer is computed."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import ClassVar, TypeVar
from weakref import WeakKeyDictionary

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from apps.rag.cache.codec import Kept, decode, encode
from kauri.lib.patience import patience

logger = logging.getLogger(__name__)
T = TypeVar("T")

_IO_TIMEOUT_S = 1.0
_PAUSE_S = 5.0  # how long Valkey is left alone after it did not answer
_MAX_CONNECTIONS = 8
_RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class StoreDown(Exception):
    """Valkey does not answer."""


class AnswerStore:
    """Cached answers by key (`cache_url`, may forget) and leases by key (`state_url`, must not)."""

    _clients: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Redis]]] = WeakKeyDictionary()

    def __init__(self, *, cache_url: str, state_url: str) -> None:
        self._cache_url, self._state_url = cache_url, state_url
        self._down_until: dict[str, float] = {}

    async def get(self, key: str) -> Kept | None:
        """Return the answer under a key, or None. Raises StoreDown."""
        payload = await self._ask(self._cache_url, lambda client: client.get(key))
        # the client may decode replies or not; this one does not
        return decode(payload) if isinstance(payload, bytes) else None

    async def put(self, key: str, kept: Kept, *, ttl_s: float) -> None:
        """Keep an answer for `ttl_s` seconds. Raises StoreDown."""
        payload = await asyncio.to_thread(encode, kept)
        await self._ask(self._cache_url, lambda client: client.set(key, payload, px=int(ttl_s * 1000)))

    async def lease(self, key: str, *, lease_s: float) -> str | None:
        """Take the lease of a key and return its token, or None where another holds it. Raises StoreDown."""
        token = uuid.uuid4().hex
        is_ours = await self._ask(
            self._state_url, lambda client: client.set(_lease_key(key), token, nx=True, px=int(lease_s * 1000))
        )
        return token if is_ours else None

    async def is_leased(self, key: str) -> bool:
        """Tell whether somebody computes this answer. Raises StoreDown."""
        return bool(await self._ask(self._state_url, lambda client: client.exists(_lease_key(key))))

    async def renew(self, key: str, token: str, *, lease_s: float) -> bool:
        """Keep a lease; False where it was lost. Raises StoreDown."""
        milliseconds = str(int(lease_s * 1000))
        reply = await self._ask(
            self._state_url, lambda client: client.eval(_RENEW, 1, _lease_key(key), token, milliseconds)
        )
        return bool(reply)

    async def release(self, key: str, token: str) -> None:
        """Give a lease back. Raises StoreDown."""
        await self._ask(self._state_url, lambda client: client.eval(_RELEASE, 1, _lease_key(key), token))

    async def _ask(self, url: str, command: Callable[[Redis], Awaitable[T]]) -> T:
        if time.monotonic() < self._down_until.get(url, float("-inf")):
            raise StoreDown
        try:
            # Waited for in all: a frozen server accepts connections and answers nothing.
            async with patience(_IO_TIMEOUT_S):
                return await command(self._client(url))
        except (RedisError, OSError, TimeoutError) as error:
            logger.warning("answers are not cached: valkey does not answer")
            self._down_until[url] = time.monotonic() + _PAUSE_S
            raise StoreDown from error

    def _client(self, url: str) -> Redis:
        # A connection belongs to the loop that opened it.
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        if url not in clients:
            pool = BlockingConnectionPool.from_url(url, max_connections=_MAX_CONNECTIONS, timeout=None)
            clients[url] = Redis(connection_pool=pool)
        return clients[url]


async def close_store_connections() -> None:
    """Close what the stores of this event loop hold open on Valkey."""
    for client in AnswerStore._clients.pop(asyncio.get_running_loop(), {}).values():  # noqa: SLF001 - the class is this module's
        await client.aclose(close_connection_pool=True)


def _lease_key(key: str) -> str:
    return f"lease:{key}"
