"""A gRPC server over an engine of this process, and values that fill every field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from apps.rag.grpc.client import RemoteEngine
from apps.rag.grpc.server import RagServer
from apps.rag.grpc.wire import fields_sent
from apps.rag.ports import RagEngine


@asynccontextmanager
async def serving(engine: RagEngine, *, port: int = 0, grace_s: float = 0) -> AsyncIterator[RagServer]:
    """Serve an engine on a free port of loopback for the length of the block."""
    server = RagServer(engine, host="127.0.0.1", port=port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(grace_s)


@asynccontextmanager
async def remote(engine: RagEngine) -> AsyncIterator[RemoteEngine]:
    """Reach an engine of this process as another process would."""
    async with serving(engine) as server:
        client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
        try:
            yield client
        finally:
            await client.close()


def filled(kind: Any, *, seed: int = 1) -> Any:
    """Return a value of a type with nothing that is sent left at its default, made from its annotations."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        sent = fields_sent(kind)
        return kind(**{field.name: filled(hints[field.name], seed=seed + n) for n, field in enumerate(sent)})
    if origin is Literal:
        return arguments[seed % len(arguments)]
    if origin in (Union, UnionType):
        return filled(next(each for each in arguments if each is not type(None)), seed=seed)
    if origin is tuple:
        kinds = arguments[:1] * 2 if arguments[-1] is Ellipsis else arguments
        return tuple(filled(each, seed=seed + n) for n, each in enumerate(kinds))
    return {
        str: f"é « {seed} »",
        int: seed,
        float: seed + 0.125,
        bool: True,
        UUID: UUID(int=seed),
        date: date(2026, 1, seed),
        datetime: datetime(2026, 1, seed, 12, 30, tzinfo=UTC),
    }[kind]
