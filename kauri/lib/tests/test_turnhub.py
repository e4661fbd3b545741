"""All streams of a process on one connection, on a real Valkey."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from uuid import UUID

import pytest
from django.conf import settings

from kauri.lib import turnhub
from kauri.lib.ids import uuid7
from kauri.lib.turnhub import Listener, TurnHub
from kauri.lib.turnlog import Entry, TurnLog, stream_key


class Saved(dict[UUID, Sequence[Entry]]):
    """The logs of ended turns, as PostgreSQL would have them."""

    async def __call__(self, turn_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Entry]]:
        return {turn_id: self[turn_id] for turn_id in turn_ids if turn_id in self}


@pytest.fixture
async def log() -> AsyncIterator[TurnLog]:
    async with TurnLog(settings.REDIS_STATE_URL) as opened:
        yield opened


@pytest.fixture
def saved() -> Saved:
    return Saved()


@pytest.fixture
async def hub(log: TurnLog, saved: Saved) -> AsyncIterator[TurnHub]:
    opened = TurnHub(settings.REDIS_STATE_URL, log, saved)
    opened.start()
    yield opened
    await opened.close()


def entry(seq: int, event: str = "response.output_text.delta") -> Entry:
    return Entry(seq, event, f'{{"n":{seq}}}')


async def read(listener: Listener, n: int, timeout_s: float = 3.0) -> list[int]:
    seqs: list[int] = []
    async with asyncio.timeout(timeout_s):
        while len(seqs) < n:
            batch = await listener.next()
            if not batch:
                break
            seqs += [one.seq for one in batch]
    return seqs


async def test_every_listener_gets_every_entry_once(hub: TurnHub, log: TurnLog) -> None:
    turn_id = uuid7()
    await log.append(turn_id, 1, [entry(1), entry(2)])
    early = [hub.listen(turn_id, 0) for _ in range(3)]
    assert [await read(one, 2) for one in early] == [[1, 2]] * 3
    await log.append(turn_id, 1, [entry(3)])
    late = hub.listen(turn_id, 1)
    await log.append(turn_id, 1, [entry(4)])
    assert [await read(one, 2) for one in early] == [[3, 4]] * 3
    assert await read(late, 3) == [2, 3, 4]


async def test_a_new_turn_wakes_a_blocked_reader(hub: TurnHub, log: TurnLog) -> None:
    first, second = uuid7(), uuid7()
    waiting = asyncio.create_task(hub.listen(first, 0).next())
    await asyncio.sleep(0.2)
    listener = hub.listen(second, 0)
    following = asyncio.create_task(listener.next())
    await asyncio.sleep(0.2)
    await log.append(second, 1, [entry(1)])
    async with asyncio.timeout(1):
        assert [one.seq for one in await following] == [1]
    waiting.cancel()


async def test_turns_share_one_connection(hub: TurnHub, log: TurnLog) -> None:
    turns = [uuid7() for _ in range(40)]
    listeners = [hub.listen(turn_id, 0) for turn_id in turns]
    readers = [asyncio.create_task(read(listener, 3)) for listener in listeners]
    before = len(await log._client.client_list())
    for seq in (1, 2, 3):
        for turn_id in turns:
            await log.append(turn_id, 1, [entry(seq)])
    assert await asyncio.gather(*readers) == [[1, 2, 3]] * 40
    assert len(await log._client.client_list()) <= before + turnhub._CATCH_UPS_AT_ONCE


async def test_a_slow_listener_falls_back_to_the_log(hub: TurnHub, log: TurnLog) -> None:
    turn_id, n = uuid7(), 3 * turnhub.QUEUE_ENTRIES
    quick, slow = hub.listen(turn_id, 0), hub.listen(turn_id, 0)
    await log.append(turn_id, 1, [entry(1)])
    assert await read(quick, 1) == await read(slow, 1) == [1]
    reading = asyncio.create_task(read(quick, n - 1))
    waiting = asyncio.create_task(read(slow, 1))
    await asyncio.sleep(0.1)
    for seq in range(2, n + 1):
        await log.append(turn_id, 1, [entry(seq)])
    assert await reading == list(range(2, n + 1))
    rest = await waiting
    assert rest + await read(slow, n - 1 - len(rest)) == list(range(2, n + 1))


async def test_an_ended_turn_whose_log_is_gone_comes_from_the_saved_one(
    hub: TurnHub, log: TurnLog, saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnhub, "_QUIET_S", 0.1)
    turn_id = uuid7()
    await log.append(turn_id, 1, [entry(1), entry(2)])
    listener = hub.listen(turn_id, 0)
    assert await read(listener, 2) == [1, 2]
    await log._client.delete(stream_key(turn_id))
    saved[turn_id] = [entry(1), entry(2), entry(3), entry(4, "response.completed")]
    assert await read(listener, 2) == [3, 4]
    assert await listener.next() == ()


async def test_a_log_with_a_gap_is_not_read_in_a_loop(hub: TurnHub, log: TurnLog) -> None:
    turn_id = uuid7()
    await log.append(turn_id, 1, [entry(5), entry(6)])
    first = asyncio.create_task(hub.listen(turn_id, 0).next())
    await asyncio.sleep(0.3)
    second = asyncio.create_task(hub.listen(turn_id, 0).next())
    n_before = (await log._client.info("commandstats"))["cmdstat_xrange"]["calls"]
    await asyncio.sleep(0.5)
    n_after = (await log._client.info("commandstats"))["cmdstat_xrange"]["calls"]
    assert n_after - n_before < 5
    first.cancel()
    second.cancel()


async def test_after_release_only_kept_turns_are_followed(hub: TurnHub, log: TurnLog) -> None:
    kept, gone = uuid7(), uuid7()
    staying, leaving = hub.listen(kept, 0), hub.listen(gone, 0)
    waiting = [asyncio.create_task(one.next()) for one in (staying, leaving)]
    await asyncio.sleep(0.2)
    hub.release(keep={kept})
    async with asyncio.timeout(1):
        assert await waiting[1] == ()
        assert await hub.listen(gone, 0).next() == ()
    await log.append(kept, 1, [entry(1)])
    async with asyncio.timeout(1):
        assert [one.seq for one in await waiting[0]] == [1]


async def test_a_listener_beyond_the_end_keeps_nothing_from_the_others(hub: TurnHub, log: TurnLog) -> None:
    turn_id = uuid7()
    await log.append(turn_id, 1, [entry(1)])
    ahead = asyncio.create_task(hub.listen(turn_id, 999).next())
    await asyncio.sleep(0.2)
    usual = hub.listen(turn_id, 0)
    assert await read(usual, 1) == [1]
    following = asyncio.create_task(usual.next())
    await asyncio.sleep(0.2)
    await log.append(turn_id, 1, [entry(2)])
    async with asyncio.timeout(1):
        assert [one.seq for one in await following] == [2]
    ahead.cancel()


async def test_a_turn_of_this_process_needs_no_way_over_valkey(hub: TurnHub, log: TurnLog) -> None:
    turn_id = uuid7()
    hub.begin(turn_id)
    early = hub.listen(turn_id, 0)
    waiting = asyncio.create_task(read(early, 2))
    await asyncio.sleep(0.1)
    hub.tell(turn_id, [entry(1), entry(2)])
    assert await waiting == [1, 2]
    late = hub.listen(turn_id, 1)
    hub.tell(turn_id, [entry(3)])
    assert await read(early, 1) == [3]
    assert await read(late, 2) == [2, 3]
    assert await log.read(turn_id, 0) == ()
    hub.finished(turn_id, [entry(seq) for seq in range(1, 5)])
    assert await read(early, 1) == await read(late, 1) == [4]
    hub.tell(turn_id, [entry(5)])
    assert await early.next() == ()


async def test_a_turn_that_another_process_took_is_read_from_valkey_again(hub: TurnHub, log: TurnLog) -> None:
    turn_id = uuid7()
    hub.begin(turn_id)
    listener = hub.listen(turn_id, 0)
    await log.append(turn_id, 1, [entry(1)])
    hub.tell(turn_id, [entry(1)])
    assert await read(listener, 1) == [1]
    following = asyncio.create_task(read(listener, 2))
    await asyncio.sleep(0.1)
    await log.append(turn_id, 2, [entry(2)])
    hub.forget(turn_id)
    await log.append(turn_id, 2, [entry(3)])
    assert await following == [2, 3]


async def test_a_slow_listener_of_a_told_turn_misses_nothing(hub: TurnHub) -> None:
    turn_id, n = uuid7(), 3 * turnhub.QUEUE_ENTRIES
    hub.begin(turn_id)
    slow = hub.listen(turn_id, 0)
    hub.tell(turn_id, [entry(1)])
    assert await read(slow, 1) == [1]
    for seq in range(2, n + 1):
        hub.tell(turn_id, [entry(seq)])
    assert await read(slow, n - 1) == list(range(2, n + 1))
