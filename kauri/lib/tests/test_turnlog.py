"""The log of a turn, on a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from django.conf import settings

from kauri.lib.ids import uuid7
from kauri.lib.turnlog import Entry, FenceLost, LogUnavailable, TurnLog


@pytest.fixture
async def log() -> AsyncIterator[TurnLog]:
    async with TurnLog(settings.REDIS_STATE_URL) as opened:
        yield opened


@pytest.fixture
def turn_id() -> UUID:
    return uuid7()


def entries(first: int, last: int) -> list[Entry]:
    return [Entry(seq, "response.output_text.delta", f'{{"delta":"é{seq}"}}') for seq in range(first, last + 1)]


async def test_it_returns_what_follows_an_entry(log: TurnLog, turn_id: UUID) -> None:
    await log.append(turn_id, 1, entries(1, 4))
    assert list(await log.read(turn_id, 0)) == entries(1, 4)
    assert list(await log.read(turn_id, 2)) == entries(3, 4)
    assert await log.read(turn_id, 4) == ()


async def test_an_entry_that_comes_twice_is_kept_once(log: TurnLog, turn_id: UUID) -> None:
    await log.append(turn_id, 1, entries(1, 3))
    await log.append(turn_id, 1, entries(2, 5))
    assert list(await log.read(turn_id, 0)) == entries(1, 5)


async def test_an_old_fence_writes_nothing(log: TurnLog, turn_id: UUID) -> None:
    await log.append(turn_id, 1, entries(1, 2))
    await log.append(turn_id, 2, entries(3, 3))
    with pytest.raises(FenceLost):
        await log.append(turn_id, 1, entries(4, 4))
    assert list(await log.read(turn_id, 0)) == entries(1, 3)


async def test_taking_over_shuts_the_earlier_writer_out(log: TurnLog, turn_id: UUID) -> None:
    await log.append(turn_id, 1, entries(1, 700))
    assert list(await log.take_over(turn_id, 2)) == entries(1, 700)
    with pytest.raises(FenceLost):
        await log.append(turn_id, 1, entries(701, 701))


async def test_a_log_expires(log: TurnLog, turn_id: UUID) -> None:
    await log.append(turn_id, 1, entries(1, 1))
    keys = await log._client.keys(f"turn:{{{turn_id}}}*")
    lives = [await log._client.ttl(key) for key in keys]
    assert len(lives) == 2
    assert all(0 < life <= 3600 for life in lives)


async def test_an_absent_server_is_named() -> None:
    async with TurnLog("unix:///nowhere/at/all.sock?db=0") as log:
        with pytest.raises(LogUnavailable):
            await log.append(uuid7(), 1, entries(1, 1))
        with pytest.raises(LogUnavailable):
            await log.read(uuid7(), 0)


async def test_a_cancellation_ends_a_command_at_whatever_step_it_comes(log: TurnLog) -> None:
    # Python 3.11's wait_for, through which redis-py sends, loses one that comes with its end.
    await log.ping()
    for n_steps in range(1, 30):
        asking = asyncio.create_task(log.ping())
        for _ in range(n_steps):
            await asyncio.sleep(0)
        if asking.cancel():
            with pytest.raises(asyncio.CancelledError):
                await asking
