"""The limit on another server counts the time in which this process runs, not the time in which it stands still."""

from __future__ import annotations

import asyncio
import time

import pytest

from kauri.lib.patience import patience


async def test_a_reply_that_came_while_the_process_stood_still_is_heard() -> None:
    async def asked() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"ping\n")
            return await reader.readline()
        finally:
            writer.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        asyncio.get_running_loop().call_soon(time.sleep, 0.5)
        async with patience(0.2):
            assert await asked() == b"ping\n"


async def test_who_never_answers_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        async with patience(0.05):
            await asyncio.sleep(30)


async def test_a_cancellation_from_outside_stays_one() -> None:
    async def wait() -> None:
        async with patience(30):
            await asyncio.sleep(30)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_ends_in_time_leaves_no_timer_behind() -> None:
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
    async with patience(0.02):
        pass
    await asyncio.sleep(0.1)
    assert faults == []
