"""manage.py rag_serve: the engine over gRPC, without the web."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.rag.build import boot_fault, own_engine
from apps.rag.grpc.server import CannotListen, RagServer
from kauri.lib.collector import spans_begin, spans_end


class Command(BaseCommand):
    """Serve the engine until told to end."""

    help = "Serve the engine over gRPC (kauri.rag.v1.RagEngine), with health and reflection, until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default=settings.KAURI_GRPC_HOST, help="default: KAURI_GRPC_HOST")
        parser.add_argument("--port", type=int, default=settings.KAURI_GRPC_PORT, help="default: KAURI_GRPC_PORT")

    def handle(self, *_args: Any, host: str, port: int, **_options: Any) -> None:
        """Serve."""
        fault = boot_fault()
        if fault:
            raise CommandError(fault)
        try:
            asyncio.run(self._serve(host, port))
        except CannotListen as error:
            raise CommandError(str(error)) from error

    async def _serve(self, host: str, port: int) -> None:
        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        spans_begin(settings.KAURI_OTLP_ENDPOINT)
        engine = own_engine()
        server = RagServer(engine, host=host, port=port)
        await server.start()
        try:
            self.stdout.write(f"gRPC listens on {host}:{server.port}")
            await engine.warm()
            engine.start()
            await told.wait()
        finally:
            await server.stop(settings.KAURI_DRAIN_S)
            await engine.close()
            await asyncio.to_thread(spans_end)
