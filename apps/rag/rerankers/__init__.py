"""Scores that look at a candidate's own text, and the choice of a model that reads it beside the question."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from apps.rag.choice import DEFAULT_RERANKER, RERANKERS
from apps.rag.errors import RerankerFailed
from apps.rag.ports import Reranker
from apps.rag.rerankers.cross_encoder import CrossEncoderReranker
from apps.rag.rerankers.flag import FlagEmbeddingReranker


def reranker_named(name: str, model: str = "") -> Reranker | None:
    """Return this process's cross-encoder for a value of RERANKER, None where the built-in scorer is the last word.

    `model` is a hub name or a folder; by default what RERANKER_MODEL says where RERANKER has that value. It loads on
    first use. Raises RerankerFailed where its packages are not installed.
    """
    if name not in RERANKERS:
        raise RerankerFailed(f"{name}: expected one of {', '.join(RERANKERS)}.")
    if name not in DEFAULT_RERANKER:
        return None
    configured = settings.KAURI_RERANKER_MODEL if name == settings.KAURI_RERANKER else ""
    return _made(name, model or configured or DEFAULT_RERANKER[name])


@cache
def _made(name: str, model: str) -> Reranker:
    return FlagEmbeddingReranker(model) if name == "flag" else CrossEncoderReranker(model)
