"""Models that turn text into vectors, and the choice among them."""

from __future__ import annotations

import logging
from functools import cache

from django.conf import settings

from apps.rag.choice import BGE_M3, EMBEDDERS
from apps.rag.embedders.absent import AbsentEmbedder
from apps.rag.embedders.bge import BgeEmbedder
from apps.rag.embedders.builtin import BuiltinEmbedder
from apps.rag.embedders.remote import Endpoint, RemoteEmbedder
from apps.rag.errors import EmbedderFailed, EmbedderMisconfigured
from apps.rag.ports import Embedder

logger = logging.getLogger(__name__)


def embedder_named(name: str, model: str = "") -> Embedder:
    """Return this process's embedder for a value of the setting EMBEDDER; it loads on first use.

    `model` is a hub name or a folder for bge, and what the endpoint calls it for remote; by default what
    EMBEDDER_MODEL says where EMBEDDER has that value. Raises EmbedderMisconfigured.
    """
    if name not in EMBEDDERS:
        raise EmbedderMisconfigured(f"{name}: expected one of {', '.join(EMBEDDERS)}.")
    configured = settings.KAURI_EMBEDDER_MODEL if name == settings.KAURI_EMBEDDER else ""
    if name == "remote":
        return _remote(model or configured)
    return _local(name, model or configured)


@cache
def _local(name: str, model: str) -> Embedder:
    if name == "bge":
        return BgeEmbedder(model or BGE_M3)
    return BuiltinEmbedder() if name == "builtin" else AbsentEmbedder()


def _remote(model: str) -> Embedder:
    if not model or not settings.KAURI_EMBEDDER_BASE_URL:
        raise EmbedderMisconfigured("remote needs EMBEDDER_BASE_URL and EMBEDDER_MODEL: whom to ask, and for what.")
    return _remote_at(
        Endpoint(
            base_url=settings.KAURI_EMBEDDER_BASE_URL,
            model=model,
            api_key=settings.KAURI_EMBEDDER_API_KEY,
            dimension=settings.KAURI_EMBEDDER_DIMENSION,
            batch=settings.KAURI_EMBED_BATCH,
        )
    )


@cache
def _remote_at(endpoint: Endpoint) -> Embedder:
    return RemoteEmbedder(endpoint)


def identify(embedder: Embedder) -> str:
    """Return which model and weights an embedder has: the first time it may read them whole, or bring them here.

    Raises EmbedderMisconfigured.
    """
    return f"{embedder.name} {embedder.revision}".strip()


def warm_up(embedder: Embedder) -> None:
    """Load the model, so that the first question does not wait for it; a failure is logged and met again there."""
    try:
        embedder.embed(["compte"])
    except EmbedderFailed:
        logger.exception("the embedding model does not load")
