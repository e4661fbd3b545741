"""Runs topics through an engine and judges what comes out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.rag.engine import Engine
from apps.rag.evaluation.metrics import mean, ndcg_at, recall_at, reciprocal_rank
from apps.rag.evaluation.sets import Topic
from apps.rag.models import IndexEntry
from apps.rag.types import Question, Scope, SearchResult
from kauri.lib.db import run_db

K = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A topic with its result; measures are None for a topic that must be refused."""

    topic: Topic
    result: SearchResult
    gold: frozenset[int]
    recall: float | None
    reciprocal_rank: float | None
    ndcg: float | None
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Measures:
    """Means over some topics. Refusal precision is of those refused, recall of those that must be."""

    n_topics: int
    recall: float
    mrr: float
    ndcg: float
    refusal_precision: float
    refusal_recall: float


async def judge(engine: Engine, topics: Sequence[Topic], namespaces: tuple[str, ...], today: date) -> list[Judged]:
    """Search for each topic in `namespaces` as of its own day and judge it by its gold entries."""
    judged: list[Judged] = []
    for topic in topics:
        scope = Scope(namespaces, (), topic.as_of or today)
        started = time.perf_counter()
        result = await engine.search(Question(topic.text, scope, topic.history))
        elapsed_ms = (time.perf_counter() - started) * 1e3
        gold = frozenset(await run_db(_gold_entries, topic.gold, scope))
        judged.append(_judged(topic, result, gold, elapsed_ms))
    return judged


def measures(judged: Sequence[Judged]) -> Measures:
    """Return the means over judged topics."""
    refused = [each for each in judged if not each.result.is_answerable]
    must = [each for each in judged if each.topic.must_refuse]
    rightly = [each for each in refused if each.topic.must_refuse]
    answerable = [each for each in judged if each.recall is not None]
    return Measures(
        n_topics=len(judged),
        recall=mean([each.recall or 0.0 for each in answerable]),
        mrr=mean([each.reciprocal_rank or 0.0 for each in answerable]),
        ndcg=mean([each.ndcg or 0.0 for each in answerable]),
        refusal_precision=len(rightly) / len(refused) if refused else 1.0,
        refusal_recall=len(rightly) / len(must) if must else 1.0,
    )


def _judged(topic: Topic, result: SearchResult, gold: frozenset[int], elapsed_ms: float) -> Judged:
    ranked = [each.passage.entry_id for each in result.passages]
    if topic.must_refuse or not gold:
        return Judged(topic, result, gold, None, None, None, elapsed_ms)
    return Judged(
        topic,
        result,
        gold,
        recall_at(ranked, gold, K),
        reciprocal_rank(ranked, gold, K),
        ndcg_at(ranked, gold, K),
        elapsed_ms,
    )


def _gold_entries(keys: tuple[str, ...], scope: Scope) -> list[int]:
    live = IndexEntry.objects.filter(state=IndexEntry.State.LIVE, namespace__in=scope.namespaces)
    return list(
        live.filter(references__overlap=list(keys), in_force__contains=scope.as_of).values_list("pk", flat=True)
    )
