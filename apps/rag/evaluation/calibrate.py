"""One calibration from beginning to end: index, ask, fit, compare."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace

from django.utils.translation import gettext as _

from apps.rag.calibration import EvidenceModel, FusionWeights, RerankWeights
from apps.rag.config import RagConfig
from apps.rag.engine import Engine
from apps.rag.evaluation.calibration import (
    Quality,
    Sample,
    by_dataset,
    fusion_fitted,
    left_out,
    rerank_fitted,
    rerank_quality,
)
from apps.rag.evaluation.calibration_answers import AnswersFitted, answers_fitted
from apps.rag.evaluation.calibration_evidence import Case, Rates, balanced, cross_validated, evidence_fitted, rates
from apps.rag.evaluation.calibration_samples import answer_cases_of, cases_of, samples_of
from apps.rag.evaluation.dataset import Dataset
from apps.rag.evaluation.evaluate import corpora_of
from apps.rag.evaluation.index import Shelved, corpora_index
from apps.rag.evaluation.steps import Steps
from apps.rag.retrieval.signs import LEG_SIGNS
from kauri.lib import clock

_THRESHOLDS = tuple(step / 20 for step in range(1, 20))
_POLL_S = 0.05
# A wrong answer costs trust: of a threshold's two shares, that of the refused counts so much more.
_REFUSED_WEIGHT = 1.3


@dataclass(frozen=True, slots=True)
class Row:
    """A dataset's ranking before, after, and by the weights that the other datasets give (None where it is alone)."""

    name: str
    n: int
    before: Quality
    found: Quality
    left_out: Quality | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of questions, and the share of them that is answered, before and after (cross-validated)."""

    name: str
    n: int
    before: float
    found: float


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a calibration found. `threshold` is where the model answered before its bias was moved there."""

    before: RagConfig
    fusion: FusionWeights
    rerank: RerankWeights
    evidence: EvidenceModel
    threshold: float
    datasets: tuple[Row, ...]
    rates: tuple[Rates, ...]
    groups: tuple[Group, ...]


def calibrate(
    build: Callable[[], Engine], field: Sequence[Dataset], elsewhere: Sequence[Dataset], steps: Steps
) -> Calibrated:
    """Calibrate for the embedder of the engine that `build` makes. Raises BadDataset, EmbedderFailed, Unavailable."""
    with steps.step(_("Indexing the passages")) as tell:
        shelved = corpora_index(corpora_of((*field, *elsewhere)), has_vectors=True, progress=tell)
    engine = build()
    samples, cases = asyncio.run(_asked(engine, field, elsewhere, shelved, steps))
    with steps.step(_("Fitting")):
        return fitted(engine.config, samples, cases)


def calibrate_answers(
    build: Callable[[], Engine], field: Sequence[Dataset], elsewhere: Sequence[Dataset], steps: Steps
) -> AnswersFitted:
    """Fit the models of answers to the ranking and the evidence of the engine that `build` makes. Raises as above."""
    with steps.step(_("Indexing the passages")) as tell:
        shelved = corpora_index(corpora_of((*field, *elsewhere)), has_vectors=True, progress=tell)

    async def asked() -> AnswersFitted:
        async with _warm(build()) as engine:
            with steps.step(_("Asking what must be answered and refused")) as tell:
                cases = await answer_cases_of(engine, field, elsewhere, shelved=shelved, today=clock.today(), tell=tell)
        with steps.step(_("Fitting")):
            return answers_fitted(cases)

    return asyncio.run(asked())


@asynccontextmanager
async def _warm(engine: Engine) -> AsyncIterator[Engine]:
    try:
        await engine.warm()
        while not engine.is_warm:  # noqa: ASYNC110 - the model loads in a thread, and the engine has no event to wait for
            await asyncio.sleep(_POLL_S)
        yield engine
    finally:
        await engine.close()


async def _asked(
    engine: Engine,
    field: Sequence[Dataset],
    elsewhere: Sequence[Dataset],
    shelved: Mapping[int, Shelved],
    steps: Steps,
) -> tuple[list[Sample], list[Case]]:
    async with _warm(engine):
        samples: list[Sample] = []
        for dataset in (*field, *elsewhere):
            with steps.step(_("Asking %(dataset)s") % {"dataset": dataset.name}) as tell:
                samples += await samples_of(engine, dataset, shelved, clock.today(), tell)
        with steps.step(_("Asking what must be answered and refused")) as tell:
            return samples, await cases_of(engine, field, elsewhere, clock.today(), tell)


def fitted(before: RagConfig, samples: Sequence[Sample], cases: Sequence[Case]) -> Calibrated:
    """Fit everything to what was asked, and compare it with the configuration before."""
    legs = [leg for leg in LEG_SIGNS if any(ranking.leg == leg for sample in samples for ranking in sample.legs)]
    usable = [each.name for each in fields(RerankWeights) if each.name in legs or each.name not in LEG_SIGNS]
    fusion = fusion_fitted(samples, [leg for leg in legs if leg in {each.name for each in fields(FusionWeights)}])
    rerank = rerank_fitted(samples, usable)
    groups = by_dataset(samples)
    alone = left_out(groups, usable) if len(groups) > 1 else {}
    rows = tuple(
        Row(name, len(group), rerank_quality(group, before.rerank), rerank_quality(group, rerank), alone.get(name))
        for name, group in groups.items()
    )
    cases = balanced(cases)
    evidence = cross_validated(cases)
    curve = rates(cases, evidence, _THRESHOLDS)
    threshold = max(curve, key=lambda rate: rate.answered + _REFUSED_WEIGHT * rate.refused).threshold
    model = evidence_fitted(cases)
    # 0.5 is where Kauri answers, whatever the model
    model = replace(model, bias=model.bias - math.log(threshold / (1.0 - threshold)))
    return Calibrated(
        before, fusion, rerank, model, threshold, rows, tuple(curve), _groups(before, cases, evidence, threshold)
    )


def _groups(before: RagConfig, cases: Sequence[Case], evidence: Sequence[float], threshold: float) -> tuple[Group, ...]:
    found: list[Group] = []
    for name in dict.fromkeys(case.group for case in cases):
        own = [(case, value) for case, value in zip(cases, evidence, strict=True) if case.group == name]
        was = sum(_was_answered(before, case) for case, _value in own) / len(own)
        found.append(Group(name, len(own), was, sum(value >= threshold for _case, value in own) / len(own)))
    return tuple(found)


def _was_answered(before: RagConfig, case: Case) -> bool:
    if case.signs is None:
        return False
    model = before.lexical_evidence if case.signs.sentence is None else before.evidence
    return model.probability(case.signs) >= before.evidence_threshold
