"""The end of tasks that somebody else's code runs in."""

import asyncio
from collections.abc import Iterable
from typing import Any

# Longer than any orderly end: a second cancellation would cut that off.
ASK_AGAIN_S = 2.0


async def end_all(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks and wait until each has ended, however it does.

    Asked again every two seconds: libraries lose a cancellation now and then (`asyncio.wait_for` before
    Python 3.12), and one lost would let the caller wait for ever.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _done, pending = await asyncio.wait(pending, timeout=ASK_AGAIN_S)
