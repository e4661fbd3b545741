"""What a web process starts before it serves and puts down after."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from apps.chat import turns
from apps.rag.build import boot_fault, get_engine
from apps.rag.errors import IndexMismatch
from apps.rag.grpc.server import CannotListen, RagServer
from kauri.gate import ASGIApp, Receive, Scope, Send
from kauri.launcher import refusal
from kauri.lib.collector import spans_begin, spans_end
from kauri.lib.db import run_db

logger = logging.getLogger(__name__)
_ENGINE_THREADS = 6


def with_lifespan(app: ASGIApp, *, role: str) -> ASGIApp:
    """Answer the ASGI lifespan protocol, which Django does not speak, and pass everything else on."""

    servers: list[RagServer] = []

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        await receive()
        try:
            await _start(role, servers)
        except CannotListen as error:
            logger.error("%s", error)  # noqa: TRY400 - the sentence says it all
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        except IndexMismatch as error:
            # for whoever runs it, and not for whoever wrote it
            logger.critical(str(error))
            refusal.sentences.append(str(error))
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        except Exception as error:
            logger.exception("start failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _stop(role, servers)
        await send({"type": "lifespan.shutdown.complete"})

    return lifespan


async def _start(role: str, servers: list[RagServer]) -> None:
    spans_begin(settings.KAURI_OTLP_ENDPOINT)
    # asyncio's own grows with the machine's cores; the engine's legs need no more than these.
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(max_workers=_ENGINE_THREADS, thread_name_prefix="kauri-engine")
    )
    if role in {"all", "rag"} and (fault := await run_db(boot_fault)):
        raise IndexMismatch(fault)
    engine = get_engine()
    await engine.warm()
    engine.start()
    if role == "rag":
        servers.append(RagServer(engine, host=settings.KAURI_GRPC_HOST, port=settings.KAURI_GRPC_PORT))
        await servers[-1].start()
    if role in {"all", "chat"}:
        await turns.startup()


async def _stop(role: str, servers: list[RagServer]) -> None:
    for server in servers:
        await server.stop(settings.KAURI_DRAIN_S)
    if role in {"all", "chat"}:
        await turns.shutdown()
    await get_engine().close()
    await asyncio.to_thread(spans_end)
