"""What a web process starts before it serves and puts down after."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from apps.chat import turns
from apps.rag.build import get_engine
from kauri.gate import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)
_ENGINE_THREADS = 6


def with_lifespan(app: ASGIApp, *, role: str) -> ASGIApp:
    """Answer the ASGI lifespan protocol, which Django does not speak, and pass everything else on."""

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        await receive()
        try:
            await _start(role)
        except Exception as error:
            logger.exception("start failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _stop(role)
        await send({"type": "lifespan.shutdown.complete"})

    return lifespan


async def _start(role: str) -> None:
    # asyncio's own grows with the machine's cores; the engine's legs need no more than these.
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(max_workers=_ENGINE_THREADS, thread_name_prefix="kauri-engine")
    )
    if role in {"all", "rag", "chat"}:
        engine = get_engine()
        await engine.warm()
        engine.start()
    if role in {"all", "chat"}:
        await turns.startup()


async def _stop(role: str) -> None:
    if role in {"all", "chat"}:
        await turns.shutdown()
    if role in {"all", "rag", "chat"}:
        await get_engine().close()
