"""Tasks end although a cancellation was lost."""

import asyncio
import contextlib

import pytest

from kauri.lib import ending


async def deaf_once() -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    await asyncio.sleep(60)


async def failing() -> None:
    raise ValueError


async def test_a_task_that_misses_the_first_cancellation_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "ASK_AGAIN_S", 0.05)
    tasks = [asyncio.create_task(deaf_once()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await ending.end_all(tasks)
    assert tasks[0].cancelled()
    assert isinstance(tasks[1].exception(), ValueError)


async def test_nothing_to_end_is_no_error() -> None:
    await ending.end_all([])
