"""Puts the engine together from the settings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from apps.rag.arrivals import arrivals_known, nothing_arrives
from apps.rag.cache.cached import CachedEngine
from apps.rag.cache.lastgood import LastGoodEngine
from apps.rag.cache.store import AnswerStore
from apps.rag.config import RagConfig, calibrated, configured
from apps.rag.embedders import embedder_named
from apps.rag.embedding import configured_choice, index_fault
from apps.rag.engine import Engine
from apps.rag.errors import EmbedderFailed
from apps.rag.generation.llm import build_chat_models
from apps.rag.grpc.client import RemoteEngine
from apps.rag.ports import Arrivals, RagEngine
from apps.rag.rerankers import reranker_named
from apps.rag.retrieval.folder import LexicalFolder
from apps.rag.stores.pgvectors import iterative_scan_fault


def build_engine(
    *,
    index_dir: Path | None = None,
    embedder: str | None = None,
    config: RagConfig | None = None,
    arrivals: Arrivals = nothing_arrives,
) -> Engine:
    """Build an engine; without arguments, the one that the settings describe, over texts that all are there."""
    model = embedder_named(embedder or settings.KAURI_EMBEDDER)
    return Engine(
        folder=LexicalFolder(index_dir or Path(settings.KAURI_INDEX_DIR)),
        embedder=model,
        reranker=reranker_named(settings.KAURI_RERANKER),
        providers=build_chat_models(),
        config=calibrated(config or configured(), model.name),
        arrivals=arrivals,
    )


def with_cache(engine: Engine) -> RagEngine:
    """Return an engine that keeps its answers, computes each once, and has an earlier one when no model answers."""
    store = AnswerStore(cache_url=settings.REDIS_CACHE_URL, state_url=settings.REDIS_STATE_URL)
    cached = CachedEngine(engine, store=store, fingerprint=lambda: engine.fingerprint, config=engine.config)
    return LastGoodEngine(cached, store=store, config=engine.config)


def boot_fault() -> str:
    """Return a sentence on what would make every search wrong without anybody seeing it, "" where nothing would.

    A model that cannot be had is one, too. A database that is away is none: it comes back, and searches say so
    meanwhile.
    """
    try:
        embedder = embedder_named(settings.KAURI_EMBEDDER)
        return index_fault(embedder, configured_choice()) or (iterative_scan_fault() if embedder.dimension else "")
    except EmbedderFailed as error:
        return str(error)
    except DatabaseError:
        return ""


def own_engine() -> RagEngine:
    """Return a new engine for a process that serves: as the settings describe it, with its cache."""
    return with_cache(build_engine(arrivals=arrivals_known()))


@cache
def get_engine() -> RagEngine:
    """Return this process's engine: its own, or the one at KAURI_RAG_URL.

    Role rag is what others reach by that address, so it has its own whatever the environment says.
    """
    if settings.KAURI_RAG_URL and settings.KAURI_ROLE != "rag":
        return remote_engine(settings.KAURI_RAG_URL)
    return own_engine()


def remote_engine(url: str) -> RagEngine:
    """Return the engine of another process, with an earlier answer for when it cannot be reached."""
    store = AnswerStore(cache_url=settings.REDIS_CACHE_URL, state_url=settings.REDIS_STATE_URL)
    return LastGoodEngine(RemoteEngine(url), store=store, config=RagConfig())
