"""Fits the models of answers: logistic regressions of "this passage answers" and of "one of those quoted answers".

They are fitted to the ranking and the evidence in use, and so anew whenever those change.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from apps.rag.calibration.answers import AnswerModel, AnswerModels, AnswerSigns, PassageModel, PassageSigns
from apps.rag.generation.choosing import Candidate, Found, answer_signs, likelihoods, picked

Array = npt.NDArray[np.float64]
_Model = TypeVar("_Model", PassageModel, AnswerModel)

# Of the field's questions that are answered, the share that must cite what answers them.
TARGET = 0.91
_FOLDS = 10
_STEPS = 30
_DECAY = 1.0
_N_FULL = 100  # a group of more questions weighs no more than this many


@dataclass(frozen=True, slots=True)
class AnswerCase:
    """A question with the candidates for its answer, and the indexes of those that are relevant.

    `is_answerable` is False where it must be refused, `is_of_field` where its field is another than the one that Kauri
    answers on; `weight` says how much it counts in the fit.
    """

    group: str
    text: str
    candidates: tuple[Candidate, ...]
    relevant: frozenset[int]
    found: Found
    is_answerable: bool
    is_of_field: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a case: how sure the answer would be, and whether it would cite what answers."""

    case: AnswerCase
    sure: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Of a group of questions: how many there are, what share is answered, and what share of these rightly."""

    name: str
    n: int
    answered: float
    right: float | None


@dataclass(frozen=True, slots=True)
class AnswersFitted:
    """The models, the threshold before the bias was moved there, and what cross-validation says of each group."""

    models: AnswerModels
    threshold: float
    groups: tuple[AnswerGroup, ...]


def answers_fitted(cases: Sequence[AnswerCase]) -> AnswersFitted:
    """Fit both models, and find the threshold at which cross-validated answers are right as often as wanted."""
    cases = weighed(cases)
    judged = cross_validated(cases)
    threshold = threshold_of(judged)
    models = models_fitted(cases)
    bias = models.answer.bias - math.log(threshold / (1.0 - threshold))
    models = replace(models, answer=replace(models.answer, bias=bias))
    return AnswersFitted(models, threshold, tuple(_groups(judged, threshold)))


def weighed(cases: Sequence[AnswerCase]) -> list[AnswerCase]:
    """Return the cases with such weights that no group of questions drowns another by its number."""
    sizes = Counter(case.group for case in cases)
    return [replace(case, weight=min(1.0, _N_FULL / sizes[case.group])) for case in cases]


def models_fitted(cases: Sequence[AnswerCase]) -> AnswerModels:
    """Fit the model of passages, and with it that of answers; 0.5 is where an answer is as likely right as wrong."""
    rows = [
        (_row(each.signs), float(each.index in case.relevant), case.weight)
        for case in cases
        for each in case.candidates
    ]
    passage = _fitted(PassageModel, rows)
    answers = [
        (_row(signs), float(is_right), case.weight) for case in cases for signs, is_right in [_answer(case, passage)]
    ]
    return AnswerModels(passage, _fitted(AnswerModel, answers))


def cross_validated(cases: Sequence[AnswerCase]) -> list[Judged]:
    """Judge each case by the models that were fitted without its fold; the same question is in one fold only."""
    folds = [zlib.crc32(case.text.encode()) % _FOLDS for case in cases]
    found: dict[int, Judged] = {}
    for fold in sorted(set(folds)):
        models = models_fitted([case for case, own in zip(cases, folds, strict=True) if own != fold])
        for place, case in enumerate(cases):
            if folds[place] == fold:
                signs, is_right = _answer(case, models.passage)
                found[place] = Judged(case, models.answer.probability(signs), is_right)
    return [found[place] for place in range(len(cases))]


def threshold_of(judged: Sequence[Judged]) -> float:
    """Return the lowest certainty at which, of the field's answers, the wanted share is right; 0.5 where none is."""
    own = sorted((each for each in judged if each.case.is_answerable and each.case.is_of_field), key=lambda e: -e.sure)
    right = total = 0.0
    threshold = 0.5
    for each in own:
        total += each.case.weight
        right += each.case.weight * each.is_right
        if right / total >= TARGET:
            threshold = each.sure
    return min(max(threshold, 0.05), 0.95)


def _answer(case: AnswerCase, passage: PassageModel) -> tuple[AnswerSigns, bool]:
    likely = likelihoods(case.candidates, passage)
    is_right = case.is_answerable and any(index in case.relevant for index in picked(case.candidates, likely))
    return answer_signs(case.candidates, likely, case.found), is_right


def _groups(judged: Sequence[Judged], threshold: float) -> list[AnswerGroup]:
    groups: list[AnswerGroup] = []
    for name in dict.fromkeys(each.case.group for each in judged):
        own = [each for each in judged if each.case.group == name]
        answered = [each for each in own if each.sure >= threshold]
        right = sum(each.is_right for each in answered) / len(answered) if answered else None
        must = not own[0].case.is_answerable
        groups.append(AnswerGroup(name, len(own), len(answered) / len(own), None if must else right))
    return groups


def _row(signs: PassageSigns | AnswerSigns) -> list[float]:
    return [float(getattr(signs, each.name) or 0.0) for each in fields(signs)]


def _fitted(kind: Callable[..., _Model], rows: Sequence[tuple[list[float], float, float]]) -> _Model:
    """Return the logistic model of the rows (signs, whether, weight): Newton's method, ridge on the scaled weights."""
    signs = np.array([row for row, _, _ in rows])
    wanted = np.array([value for _, value, _ in rows])
    weights = np.array([weight for _, _, weight in rows])
    mean, width = signs.mean(axis=0), signs.std(axis=0)
    width[width < 1e-9] = 1.0  # a sign that is always the same tells nothing, and gets no weight
    scaled = np.column_stack([np.ones(len(signs)), (signs - mean) / width])
    ridge = _DECAY * np.diag([0.0] + [1.0] * signs.shape[1])
    model = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        odds = 1.0 / (1.0 + np.exp(-np.clip(scaled @ model, -30, 30)))
        slope = scaled.T @ (weights * (odds - wanted)) + ridge @ model
        bend = (scaled * (weights * odds * (1.0 - odds))[:, None]).T @ scaled + ridge + 1e-9 * np.eye(len(model))
        model = model - np.linalg.solve(bend, slope)
    found: Array = model[1:] / width
    return kind(float(model[0] - found @ mean), *(float(value) for value in found))
