"""The log of a running turn: a Valkey stream that any process can read from any point.

An entry's id is `<seq>-0`, counted from 1 without gaps, so that a reader knows when it has missed
something and a copy kept elsewhere has the same ids. Every write names the writer's fence; a
writer whose fence is old changes nothing.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from kauri.lib.patience import patience

TERMINAL_EVENTS = frozenset({"response.completed", "response.incomplete", "response.failed"})
# PostgreSQL serves a log that has expired, so this only has to outlast a turn and its reconnects.
EXPIRY_S = 3600
MAX_CONNECTIONS = 4
_READ_COUNT = 500

# One entry may come twice (the client resends after a lost reply): the last id says so.
_APPEND = """
local held = tonumber(redis.call('GET', KEYS[2]) or '0')
local mine = tonumber(ARGV[1])
if mine < held then return 0 end
if mine > held then redis.call('SET', KEYS[2], ARGV[1]) end
local tail = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local last = 0
if tail[1] then last = tonumber(string.match(tail[1][1], '^%d+')) end
for i = 3, #ARGV, 3 do
  if tonumber(ARGV[i]) > last then
    redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'event', ARGV[i + 1], 'data', ARGV[i + 2])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
"""


class LogUnavailable(Exception):
    """Valkey does not answer: streams wait for the saved log instead."""


class FenceLost(Exception):
    """A newer owner has written to this log."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a turn: `text` is its JSON on one line."""

    seq: int
    event: str
    text: str

    @property
    def is_terminal(self) -> bool:
        """Whether the log ends here."""
        return self.event in TERMINAL_EVENTS


def stream_key(turn_id: UUID) -> str:
    """Return the stream's key; the braces keep it in one cluster slot with its fence."""
    return f"turn:{{{turn_id}}}:log"


def _fence_key(turn_id: UUID) -> str:
    return f"turn:{{{turn_id}}}:fence"


def entry_of(entry_id: str, fields: Mapping[str, str]) -> Entry:
    """Read an entry of the stream back."""
    return Entry(int(entry_id.partition("-")[0]), fields["event"], fields["data"])


class _Client(Redis):
    """A client whose limit covers a whole command: the wait for a connection, opening it, sending, the reply.

    redis-py's own `socket_timeout` sends through `asyncio.wait_for`, which before Python 3.12 loses a cancellation
    that meets its end: the task then lives on and whoever waits for its end waits for ever.
    """

    limit_s = 2.0

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            async with patience(self.limit_s):
                return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call] # redis-py's
        except TimeoutError as error:
            raise RedisTimeout(f"no reply in {self.limit_s} s") from error


def client(url: str, *, max_connections: int, timeout_s: float) -> Redis:
    """Return a client for the running loop; it waits for a free connection rather than open more."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=timeout_s,
        socket_connect_timeout=0.5,
        socket_timeout=None,
        decode_responses=True,
        # One more try at once: the first one after a restart of the server meets a dead connection.
        retry=Retry(NoBackoff(), 1),
    )
    opened = _Client(connection_pool=pool)
    opened.limit_s = timeout_s
    return opened


class TurnLog:
    """Appends to and reads the logs of turns; bound to the event loop that made it."""

    def __init__(self, url: str) -> None:
        self._client = client(url, max_connections=MAX_CONNECTIONS, timeout_s=2.0)
        self._append = self._client.register_script(_APPEND)

    async def append(self, turn_id: UUID, fence: int, entries: Sequence[Entry]) -> None:
        """Append entries in order; those that are there already are passed over.

        Raises FenceLost where a higher fence has written, LogUnavailable when Valkey does not answer.
        """
        args: list[Any] = [fence, EXPIRY_S]
        for entry in entries:
            args += [entry.seq, entry.event, entry.text]
        try:
            kept = await self._append(keys=[stream_key(turn_id), _fence_key(turn_id)], args=args)
        except (RedisError, OSError) as error:
            raise LogUnavailable(str(error)) from error
        if not kept:
            raise FenceLost(str(turn_id))

    async def take_over(self, turn_id: UUID, fence: int) -> tuple[Entry, ...]:
        """Shut every older writer out, then return what they wrote."""
        await self.append(turn_id, fence, ())
        entries: list[Entry] = []
        while batch := await self.read(turn_id, entries[-1].seq if entries else 0):
            entries += batch
        return tuple(entries)

    async def read(self, turn_id: UUID, after: int) -> tuple[Entry, ...]:
        """Return up to 500 entries that follow `after`; none where the log has expired."""
        try:
            rows: Any = await self._client.xrange(stream_key(turn_id), f"({after}-0", "+", count=_READ_COUNT)
        except (RedisError, OSError) as error:
            raise LogUnavailable(str(error)) from error
        return tuple(entry_of(entry_id, fields) for entry_id, fields in rows)

    async def ping(self) -> None:
        """Raise LogUnavailable unless Valkey answers."""
        try:
            await self._client.ping()
        except (RedisError, OSError) as error:
            raise LogUnavailable(str(error)) from error

    async def poke(self, control_key: str) -> None:
        """Wake the reader that blocks on `control_key`; a lost poke costs it one blocking period."""
        with contextlib.suppress(RedisError, OSError):
            await self._client.xadd(control_key, {"poke": "1"}, maxlen=1, approximate=False)
            await self._client.expire(control_key, EXPIRY_S)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose(close_connection_pool=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
