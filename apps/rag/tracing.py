"""Stages of an answer, named as in the architecture paper: a histogram always, spans where they are collected."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Final, Literal, Self

from prometheus_client import Histogram

from apps.rag.types import AnswerEvent
from kauri.lib.tracing import events_spanned, spanned

Stage = Literal[
    "intent_classification",
    "query_reformulation",
    "embedding",
    "hybrid_search",
    "bm25_search",
    "vector_search",
    "reranking",
    "llm_generation",
]

SERVICE: Final = "RAG Engine Service"
SPAN_NAMES: Final[dict[Stage, str]] = {
    "intent_classification": "Intent Classification",
    "query_reformulation": "Query Reformulation",
    "embedding": "Generate Embedding",
    "hybrid_search": "Hybrid Search",
    "bm25_search": "BM25 Search",
    "vector_search": "Vector Search",
    "reranking": "Reranking",
    "llm_generation": "LLM Generation",
}
# In the trace these stand beside the search, though the embedding runs along with its first leg.
_BESIDE: Final = frozenset({"intent_classification", "query_reformulation", "embedding", "llm_generation"})

STAGE_SECONDS = Histogram(
    "kauri_rag_stage_seconds",
    "Time that one stage of an answer takes",
    ["stage"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
# Also where nothing was asked yet, so that a panel shows zeros and not a hole.
_SERIES: Final = {name: STAGE_SECONDS.labels(name) for name in SPAN_NAMES}


class stage:  # noqa: N801 - read as a noun of the block: `with stage("reranking")`
    """Measure a block as one stage; in async code and in threads alike.

    `is_current=False` is for a block that yields: its consumer's own spans must not land inside.
    """

    __slots__ = ("_name", "_span", "_started")

    def __init__(self, name: Stage, *, is_current: bool = True) -> None:
        self._name: Stage = name
        self._span = spanned(SPAN_NAMES[name], is_current=is_current, beside=name in _BESIDE)
        self._started = 0.0

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._span.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._span.__exit__(kind, error, trace)
        _SERIES[self._name].observe(time.perf_counter() - self._started)


def engine_span() -> spanned:
    """Return the span that holds the stages of one search."""
    return spanned(SERVICE, is_service=True)


def answer_spanned(events: AsyncGenerator[AnswerEvent, None]) -> AsyncGenerator[AnswerEvent, None]:
    """Yield an answer's events, made inside the span that holds the stages of one answer."""
    return events_spanned(SERVICE, events)
