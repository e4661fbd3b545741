"""Models that turn text into vectors, and the choice among them."""

from __future__ import annotations

import logging
from functools import cache

from apps.rag.embedders.absent import AbsentEmbedder
from apps.rag.embedders.builtin import BuiltinEmbedder
from apps.rag.errors import EmbedderFailed
from apps.rag.ports import Embedder

logger = logging.getLogger(__name__)


@cache
def embedder_named(name: str) -> Embedder:
    """Return this process's embedder for a value of the setting EMBEDDER: builtin or none."""
    return BuiltinEmbedder() if name == "builtin" else AbsentEmbedder()


def warm_up(embedder: Embedder) -> None:
    """Load the model, so that the first question does not wait for it; a failure is logged and met again there."""
    try:
        embedder.embed(["compte"])
    except EmbedderFailed:
        logger.exception("the embedding model does not load")
