"""An engine over one article behind the cache, and what the tests of it share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from redis.asyncio import Redis

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.cache.cached import CachedEngine
from apps.rag.cache.store import AnswerStore, close_store_connections
from apps.rag.config import RagConfig
from apps.rag.engine import Engine
from apps.rag.generation.llm import OpenAIChatModel, close_clients
from apps.rag.tests.entries import article, scope
from apps.rag.tests.providers import ProviderServer
from apps.rag.types import AnswerEvent, NewEntry, Question, TextDelta
from kauri.lib.breaker import close_connections
from kauri.lib.db import run_db

# It names its article: whether that answers is no matter of these tests.
ASKED = "Quel est le capital minimum d'une SARL selon l'article 311 de l'AUSCGIE ?"
CAPITAL = article("311", "Le capital social de la société à responsabilité limitée est d'un million de francs CFA.")


@asynccontextmanager
async def engine_over_capital(folder: Path, provider: ProviderServer) -> AsyncIterator[Engine]:
    """Yield an engine over one published article, with the model, and nothing kept."""
    await run_db(publish, CAPITAL)
    engine = build_engine(index_dir=folder, embedder="none")
    engine._providers = (model_of(provider),)
    await engine.warm()
    await forget_all()
    yield engine
    await close_clients()
    await close_connections()
    await close_store_connections()


def publish(*entries: NewEntry) -> None:
    """Make entries searchable; the engine's full text follows when it is warmed."""
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)


def model_of(provider: ProviderServer) -> OpenAIChatModel:
    """Return the client of a provider, under a name that no other test's has."""
    return OpenAIChatModel(provider=provider.run, model="m", base_url=provider.url, api_key="k")


def store() -> AnswerStore:
    """Return the store that the settings name."""
    return AnswerStore(cache_url=settings.REDIS_CACHE_URL, state_url=settings.REDIS_STATE_URL)


def behind_cache(engine: Engine, kept_in: AnswerStore | None = None) -> CachedEngine:
    """Return an engine behind the query cache."""
    return CachedEngine(engine, store=kept_in or store(), fingerprint=lambda: engine.fingerprint, config=RagConfig())


async def forget_all() -> None:
    """Empty both Valkeys."""
    for url in (settings.REDIS_CACHE_URL, settings.REDIS_STATE_URL):
        client = Redis.from_url(url)
        await client.flushdb()
        await client.aclose()


def question(text: str = ASKED) -> Question:
    """Return a question of a person who may read the shared base."""
    return Question(text, scope())


async def answer(engine: Any, asked: str | Question = ASKED) -> list[AnswerEvent]:
    """Return all events of an answer."""
    whole = question(asked) if isinstance(asked, str) else asked
    async with aclosing(cast("Any", engine.answer(whole))) as events:
        return [event async for event in events]


def text_of(events: list[AnswerEvent]) -> str:
    """Return what the reader ends up with."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def until(holds: Any) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)
