"""The gRPC server of a process with an engine: the service, health, reflection, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import grpc
from django.conf import settings
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from apps.rag.grpc import options, rag_pb2, rag_pb2_grpc
from apps.rag.grpc.servicer import RagEngineServicer
from apps.rag.ports import RagEngine
from kauri.lib.ending import end_all

logger = logging.getLogger(__name__)

SERVICE: Final = rag_pb2.DESCRIPTOR.services_by_name["RagEngine"].full_name
_LOOK_EVERY_S: Final = 0.25


class CannotListen(RuntimeError):
    """The address is taken, is not this machine's, or its certificate cannot be used."""


class RagServer:
    """Serves an engine on one address of this machine."""

    def __init__(self, engine: RagEngine, *, host: str, port: int) -> None:
        self._engine, self._host = engine, host
        self._server = grpc.aio.server(options=options.SERVER, maximum_concurrent_rpcs=options.MAX_CALLS)
        self._health = health.aio.HealthServicer()
        self._watch: asyncio.Task[None] | None = None
        self.port = port

    async def start(self) -> None:
        """Listen; health says SERVING once the engine is warm. Port 0 takes a free one. Raises CannotListen."""
        rag_pb2_grpc.add_RagEngineServicer_to_server(RagEngineServicer(self._engine), self._server)  # type: ignore[no-untyped-call] # generated
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        await self._say(is_serving=False)
        self.port = self._listen()
        await self._server.start()
        self._watch = asyncio.create_task(self._watch_engine())
        logger.info("gRPC listens", extra={"host": self._host, "port": self.port})

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, let running ones go on for `grace_s` seconds, then cut them off."""
        await end_all([self._watch] if self._watch else [])
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)

    def _listen(self) -> int:
        address = f"{self._host}:{self.port}"
        try:
            if settings.KAURI_GRPC_CERT:
                pair = (settings.KAURI_GRPC_KEY.encode(), settings.KAURI_GRPC_CERT.encode())
                return self._server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
            return self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise CannotListen(f"gRPC cannot listen on {address}: the address is taken or is not ours.") from error

    async def _watch_engine(self) -> None:
        was_warm = False
        while True:
            is_warm = self._engine.is_warm
            if is_warm != was_warm:
                await self._say(is_serving=is_warm)
                was_warm = is_warm
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _say(self, *, is_serving: bool) -> None:
        states = health_pb2.HealthCheckResponse
        for name in (SERVICE, health.OVERALL_HEALTH):
            await self._health.set(name, states.SERVING if is_serving else states.NOT_SERVING)
