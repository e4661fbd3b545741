"""A process that asks one question many times at once: python -m apps.rag.tests.flight_child

Says `ready`, waits for a line with a number, asks that often, and prints what it heard as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys

import django


async def ask_many(n_asks: int) -> dict[str, object]:
    """Ask the same question `n_asks` times at once and tell what came."""
    from apps.rag.build import get_engine
    from apps.rag.tests.caching import question
    from apps.rag.types import Finished, TextDelta

    engine = get_engine()

    async def ask() -> tuple[str, str, tuple[str, ...]]:
        text, mode = "", ""
        degraded: tuple[str, ...] = ("unfinished",)
        async for event in engine.answer(question()):
            if isinstance(event, TextDelta):
                text += event.text
            if isinstance(event, Finished):
                mode, degraded = event.mode, event.degraded
        return text, mode, degraded

    answers = await asyncio.gather(*(ask() for _ in range(n_asks)))
    return {"n": len(answers), "different": sorted({json.dumps(answer) for answer in answers})}


async def main() -> None:
    """Warm up, wait for the word, ask, tell."""
    from apps.rag.build import get_engine

    engine = get_engine()
    await engine.warm()
    print("ready", flush=True)  # noqa: T201 - the test reads it
    line = await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps(await ask_many(int(line))), flush=True)  # noqa: T201 - the test reads it
    await engine.close()


if __name__ == "__main__":
    django.setup()
    asyncio.run(main())
