"""A circuit breaker for one thing outside that may be down, shared by all processes over Valkey.

Five failures in a row open it for thirty seconds; then one caller, over all processes, may try (the probe);
its success closes the breaker, its failure opens it again. Without Valkey each process counts for itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from django.utils.translation import gettext_lazy as _
from redis.asyncio import Redis
from redis.exceptions import RedisError

from kauri.lib.errors import Unavailable
from kauri.lib.patience import patience

logger = logging.getLogger(__name__)

_ACQUIRE = """
local opened = redis.call('HGET', KEYS[1], 'opened_ms')
if not opened then return {'closed', 0} end
local time = redis.call('TIME')
local left = tonumber(opened) + tonumber(ARGV[1]) - (time[1] * 1000 + math.floor(time[2] / 1000))
if left > 0 then return {'open', math.floor(left)} end
if redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[2]) then return {'probe', 0} end
return {'open', math.max(1, redis.call('PTTL', KEYS[2]))}
"""
_SETTLE = """
local is_probe = ARGV[2] ~= '' and redis.call('GET', KEYS[2]) == ARGV[2]
if is_probe then redis.call('DEL', KEYS[2]) end
if ARGV[1] == 'release' then return 0 end
local is_open = redis.call('HEXISTS', KEYS[1], 'opened_ms') == 1
if is_open and not is_probe then return 0 end
if ARGV[1] == 'success' then return redis.call('DEL', KEYS[1]) end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if is_probe or failures >= tonumber(ARGV[3]) then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'opened_ms', time[1] * 1000 + math.floor(time[2] / 1000))
end
return redis.call('PEXPIRE', KEYS[1], ARGV[4])
"""
_IO_TIMEOUT_S = 0.5
_VALKEY_PAUSE_S = 5.0  # how long Valkey is left alone after it did not answer
_MEMORY_MS = 600_000  # failures older than this are forgotten


class BreakerOpen(Unavailable):
    """Too many failures: nobody may call until `retry_after_s` seconds have passed."""

    code = "breaker_open"
    default_message = _("The service failed several times and is left alone for a moment.")

    def __init__(self, name: str, retry_after_s: float) -> None:
        super().__init__(extra={"name": name, "retry_after_s": round(retry_after_s, 1)})
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; settle it with succeed, fail or release. `probe` is "" for an ordinary call."""

    probe: str = ""
    is_local: bool = False


@dataclass(slots=True)
class _Local:
    """What one process counts by itself."""

    failures: int = 0
    opened_s: float | None = None
    probe: str = ""
    probe_until_s: float = 0.0


@dataclass(slots=True, weakref_slot=True)
class Breaker:
    """One breaker by name. Cheap to make; make one a process and name."""

    name: str
    redis_url: str
    failures_to_open: int = 5
    open_s: float = 30.0
    probe_lease_s: float = 120.0  # longer than the longest call, so that a slow probe stays the only one
    clock: Callable[[], float] = time.monotonic
    _local: _Local = field(default_factory=_Local)
    _valkey_down_until_s: float = float("-inf")
    _clients: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Redis]]] = WeakKeyDictionary()

    async def acquire(self) -> Permit:
        """Return leave for one call, or raise BreakerOpen."""
        token = uuid.uuid4().hex
        reply = await self._run(_ACQUIRE, int(self.open_s * 1000), int(self.probe_lease_s * 1000), token)
        if reply is None:
            return self._acquire_locally(token)
        state = reply[0].decode() if isinstance(reply[0], bytes) else str(reply[0])
        if state == "open":
            raise BreakerOpen(self.name, int(reply[1]) / 1000)
        return Permit(probe=token if state == "probe" else "")

    async def succeed(self, permit: Permit) -> None:
        """The call went well: the breaker closes and forgets its failures."""
        await self._settle("success", permit)

    async def fail(self, permit: Permit) -> None:
        """The call failed in a way that says something about the service."""
        await self._settle("failure", permit)

    async def release(self, permit: Permit) -> None:
        """The call ended without telling anything (it was cancelled): let another one probe."""
        await self._settle("release", permit)

    async def _settle(self, outcome: str, permit: Permit) -> None:
        self._settle_locally(outcome, permit)
        if not permit.is_local:
            await self._run(_SETTLE, outcome, permit.probe, self.failures_to_open, _MEMORY_MS)

    async def _run(self, script: str, *arguments: str | int) -> Any | None:
        """Run a script on Valkey; None when it does not answer."""
        if self.clock() < self._valkey_down_until_s:
            return None
        keys = (f"breaker:{{{self.name}}}", f"breaker:{{{self.name}}}:probe")
        try:
            # Waited for in all, since a frozen server accepts connections and answers nothing; and not by redis-py's
            # `socket_timeout`, whose `asyncio.wait_for` loses cancellations before Python 3.12.
            async with patience(2 * _IO_TIMEOUT_S):
                return await self._client().eval(script, 2, *keys, *arguments)
        except (RedisError, OSError, TimeoutError):
            logger.warning("breaker %s counts alone: valkey does not answer", self.name)
            self._valkey_down_until_s = self.clock() + _VALKEY_PAUSE_S
            return None

    def _client(self) -> Redis:
        # A connection belongs to the loop that opened it.
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        if self.redis_url not in clients:
            clients[self.redis_url] = Redis.from_url(
                self.redis_url, socket_timeout=None, socket_connect_timeout=_IO_TIMEOUT_S
            )
        return clients[self.redis_url]

    def _acquire_locally(self, token: str) -> Permit:
        local, now = self._local, self.clock()
        if local.opened_s is None:
            return Permit(is_local=True)
        left = local.opened_s + self.open_s - now
        if left <= 0 and now >= local.probe_until_s:
            local.probe, local.probe_until_s = token, now + self.probe_lease_s
            return Permit(probe=token, is_local=True)
        raise BreakerOpen(self.name, left if left > 0 else local.probe_until_s - now)

    def _settle_locally(self, outcome: str, permit: Permit) -> None:
        local = self._local
        is_probe = bool(permit.probe) and permit.probe == local.probe
        if is_probe:
            local.probe, local.probe_until_s = "", 0.0
        if outcome == "release" or (local.opened_s is not None and not is_probe and permit.is_local):
            return
        if outcome == "success":
            local.failures, local.opened_s = 0, None
            return
        local.failures += 1
        if local.failures >= self.failures_to_open or is_probe:
            local.opened_s = self.clock()


async def close_connections() -> None:
    """Close what the breakers of this event loop hold open on Valkey."""
    for client in Breaker._clients.pop(asyncio.get_running_loop(), {}).values():  # noqa: SLF001 - the class is this module's
        await client.aclose()
