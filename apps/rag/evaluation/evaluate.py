"""Measures datasets on the stores of this process: index, ask, judge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from apps.rag.build import build_engine
from apps.rag.engine import Engine
from apps.rag.evaluation.asking import LEGS, Outcome, Plan, ask
from apps.rag.evaluation.corpus import Corpus
from apps.rag.evaluation.dataset import Dataset
from apps.rag.evaluation.index import Shelved, corpora_index
from apps.rag.evaluation.lines import BadDataset
from apps.rag.evaluation.measures import Report, report_of
from apps.rag.evaluation.steps import Steps
from kauri.lib import clock

_WARM_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked to have measured; `as_of` and `is_together` as Plan knows them."""

    legs: tuple[str, ...]
    wants_answers: bool
    is_together: bool
    as_of: date | None


@dataclass(frozen=True, slots=True)
class Measured:
    """A dataset's report with the outcomes that it was made of."""

    report: Report
    outcomes: tuple[Outcome, ...]


def corpora_of(datasets: Sequence[Dataset]) -> tuple[Corpus, ...]:
    """Return the corpora of datasets, each once. Raises BadDataset where two of one name differ."""
    corpora: dict[str, Corpus] = {}
    for corpus in (each for dataset in datasets for each in dataset.corpora):
        if corpora.setdefault(corpus.name, corpus) != corpus:
            raise BadDataset(_("Two different corpora are called %(name)s.") % {"name": corpus.name})
    return tuple(corpora.values())


def evaluate(datasets: Sequence[Dataset], wishes: Wishes, steps: Steps) -> tuple[Measured, ...]:
    """Index the datasets' corpora and measure one after the other. Raises BadDataset, EmbedderFailed, Unavailable."""
    corpora = corpora_of(datasets)
    legs = tuple(leg for leg in LEGS if leg in wishes.legs)
    with steps.step(_("Indexing the passages")) as tell:
        shelved = corpora_index(corpora, has_vectors=not {"dense", "fused", "reranked"}.isdisjoint(legs), progress=tell)
    plans = {
        dataset.name: Plan(
            legs=legs,
            corpora=corpora if wishes.is_together else dataset.corpora,
            is_together=wishes.is_together,
            wants_answers=wishes.wants_answers and legs[-1] == "reranked",
            today=clock.today(),
            as_of=wishes.as_of,
        )
        for dataset in datasets
    }
    return asyncio.run(_measure(datasets, plans, shelved, steps))


async def _measure(
    datasets: Sequence[Dataset], plans: Mapping[str, Plan], shelved: Mapping[int, Shelved], steps: Steps
) -> tuple[Measured, ...]:
    engine = build_engine()
    try:
        with steps.step(_("Opening the index and the model")):
            await _warm(engine)
        return tuple([await _one(engine, dataset, plans[dataset.name], shelved, steps) for dataset in datasets])
    finally:
        await engine.close()


async def _warm(engine: Engine) -> None:
    await engine.warm()
    while not engine.is_warm:  # noqa: ASYNC110 - the model loads in a thread, and the engine has no event to wait for
        await asyncio.sleep(_WARM_POLL_S)


async def _one(engine: Engine, dataset: Dataset, plan: Plan, shelved: Mapping[int, Shelved], steps: Steps) -> Measured:
    outcomes: list[Outcome] = []
    with steps.step(_("Asking %(dataset)s") % {"dataset": dataset.name}) as tell:
        async for outcome in ask(engine, dataset.queries, shelved, plan):
            outcomes.append(outcome)
            tell(len(outcomes), len(dataset.queries))
    # an engine without vectors has no such leg: a row of zeros would say that it has a bad one
    legs = tuple(leg for leg in plan.legs if leg not in {"dense"} or any(each.ranking(leg) for each in outcomes))
    n_passages = sum(len(corpus.passages) for corpus in plan.corpora)
    return Measured(report_of(dataset.name, n_passages, outcomes, legs), tuple(outcomes))
