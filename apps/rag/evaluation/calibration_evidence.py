"""Fits the evidence model: a logistic regression of "this question is answered here" on the evidence signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from apps.rag.calibration import EvidenceModel, EvidenceSigns

Array = npt.NDArray[np.float64]

_NAMES = tuple(each.name for each in fields(EvidenceSigns))
_FOLDS = 5
_STEPS = 4_000
_RATE = 0.5
_DECAY = 1e-4
_N_FULL = 50


@dataclass(frozen=True, slots=True)
class Case:
    """A question's evidence signs, None where a rule refuses it; whether it must be answered; and where it is from.

    `weight` says how much it counts in the fit.
    """

    group: str
    signs: EvidenceSigns | None
    is_answerable: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Rates:
    """At one threshold: the share of the answerable questions that are answered, and of the others that are refused."""

    threshold: float
    answered: float
    refused: float


def balanced(cases: Sequence[Case]) -> list[Case]:
    """Return the cases with such weights that no group of questions drowns another by its number."""
    sizes = Counter(case.group for case in cases)
    return [replace(case, weight=min(1.0, _N_FULL / sizes[case.group])) for case in cases]


def evidence_fitted(cases: Sequence[Case]) -> EvidenceModel:
    """Return the model that tells the cases apart best; each side weighs the same. No sign counts against."""
    known = [(case, case.signs) for case in cases if case.signs is not None]
    rows = np.array([_row(signs) for _, signs in known])
    wanted = np.array([float(case.is_answerable) for case, _ in known])
    weights = np.array([case.weight for case, _ in known])
    for side in (0.0, 1.0):
        weights[wanted == side] /= max(float(weights[wanted == side].sum()), 1e-9)
    model = np.zeros(rows.shape[1])
    speed = np.zeros_like(model)
    for _ in range(_STEPS):
        slope = rows.T @ (weights * (_logistic(rows @ model) - wanted)) + _DECAY * model
        speed = 0.9 * speed - _RATE * slope
        model = model + speed
        # more of a sign is never less evidence; the bias is free
        model[1:] = np.maximum(model[1:], 0.0)
    return EvidenceModel(*(float(value) for value in model))


def cross_validated(cases: Sequence[Case]) -> list[float]:
    """Return each case's evidence by the model that was fitted without its fold."""
    found = [0.0] * len(cases)
    for fold in range(_FOLDS):
        model = evidence_fitted([case for place, case in enumerate(cases) if place % _FOLDS != fold])
        for place in range(fold, len(cases), _FOLDS):
            signs = cases[place].signs
            found[place] = model.probability(signs) if signs is not None else 0.0
    return found


def rates(cases: Sequence[Case], evidence: Sequence[float], thresholds: Sequence[float]) -> list[Rates]:
    """Return at each threshold how many are answered and refused, each case as it weighs."""
    answerable = [(value, case.weight) for case, value in zip(cases, evidence, strict=True) if case.is_answerable]
    others = [(value, case.weight) for case, value in zip(cases, evidence, strict=True) if not case.is_answerable]
    return [
        Rates(
            threshold,
            _share([(value >= threshold, weight) for value, weight in answerable]),
            _share([(value < threshold, weight) for value, weight in others]),
        )
        for threshold in thresholds
    ]


def _share(found: Sequence[tuple[bool, float]]) -> float:
    total = sum(weight for _, weight in found)
    return sum(weight for is_so, weight in found if is_so) / total if total else 0.0


def _row(signs: EvidenceSigns) -> list[float]:
    return [1.0, *(float(getattr(signs, name) or 0.0) for name in _NAMES)]


def _logistic(values: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))
