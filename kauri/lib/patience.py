"""How long another server is waited for, told from how long this process had no turn itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_N_STEPS = 10


@asynccontextmanager
async def patience(limit_s: float) -> AsyncIterator[None]:
    """Raise TimeoutError once `limit_s` seconds went by in which this event loop ran.

    A plain `asyncio.timeout` also counts the time in which the process itself got no processor: it then throws away
    the reply that has long arrived, and takes a healthy server for a dead one. Here a stop of any length counts as
    one step of ten.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle
    step_s, n_left = limit_s / _N_STEPS, _N_STEPS

    async with asyncio.timeout(None) as limit:

        def step() -> None:
            nonlocal n_left, timer
            n_left -= 1
            if n_left:
                timer = loop.call_later(step_s, step)
            else:
                limit.reschedule(loop.time())

        timer = loop.call_later(step_s, step)
        try:
            yield
        finally:
            timer.cancel()
