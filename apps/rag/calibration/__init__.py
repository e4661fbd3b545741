"""Weights that were found by measurement, one file an embedder; `manage.py rag_calibrate` finds and writes them.

A file in KAURI_VAR_DIR/calibration goes before the one of that name beside this module. An embedder with neither is not
calibrated: its legs are fused by reciprocal rank.

Beside the weights an embedder may have a turn: a matrix that takes the vector of a question towards those of the
sentences that answer it. Only questions are turned; what is stored stays as it is.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings

from apps.rag.calibration.answers import AnswerModel, AnswerModels, PassageModel

logger = logging.getLogger(__name__)

_DEFAULTS = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weights of the legs' min-max normalised scores: who becomes a candidate."""

    bm25: float = 1.0
    gram: float = 0.2
    dense: float = 0.15


@dataclass(frozen=True, slots=True)
class RerankWeights:
    """Weights of what is known of a candidate, each in 0..1 (`apps.rag.retrieval.signs` says what they are)."""

    bm25: float = 0.0
    gram: float = 0.0
    dense: float = 0.0
    sentence: float = 0.0
    answer: float = 0.0
    opening: float = 0.0
    coverage: float = 0.0
    window: float = 0.0
    titled: float = 0.0
    lead: float = 0.0
    pairs: float = 0.0
    letters: float = 0.0
    figures: float = 0.0
    sparing: float = 0.0
    whether: float = 0.0
    kind: float = 0.0
    beside: float = 0.0
    phrase: float = 0.0
    brief: float = 0.0


@dataclass(frozen=True, slots=True)
class EvidenceSigns:
    """What the evidence score looks at, all in 0..1.

    `matched`: how many terms of the question the best passage holds in one place, of eight; `around`: the mean share of
    the question's weight that it and the next ones hold so; `near`: the share of the next ones that stand beside the
    first in its text; `ahead`: how far the best by words is above the tenth; `rarity`: of the question's terms, of
    those that passages hold; `topic`: how much of the question is of the field alone, and a heading; `account`: how
    well the label of the account that comes first fits, where one may be asked for; `sentence`: the best cosine of a
    sentence, None without vectors.
    """

    matched: float = 0.0
    around: float = 0.0
    near: float = 0.0
    ahead: float = 0.0
    rarity: float = 0.0
    topic: float = 0.0
    account: float = 0.0
    sentence: float | None = None


@dataclass(frozen=True, slots=True)
class EvidenceModel:
    """A logistic model over the signs: how sure it is that the passages answer the question."""

    bias: float = 0.0
    matched: float = 0.0
    around: float = 0.0
    near: float = 0.0
    ahead: float = 0.0
    rarity: float = 0.0
    topic: float = 0.0
    account: float = 0.0
    sentence: float = 0.0

    def probability(self, signs: EvidenceSigns) -> float:
        """Return 0..1."""
        total = sum(getattr(self, each.name) * (getattr(signs, each.name) or 0.0) for each in fields(EvidenceSigns))
        return 1.0 / (1.0 + math.exp(-self.bias - total))


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that is calibrated for one embedder; the evidence model's bias is such that 0.5 is where Kauri answers."""

    fusion: FusionWeights
    rerank: RerankWeights
    evidence: EvidenceModel
    answers: AnswerModels = field(default_factory=AnswerModels)


LEXICAL, BUILTIN = "none", "use-multilingual-3"


def calibration_of(embedder: str) -> Calibration | None:
    """Return an embedder's calibration, None where there is none. Raises ValueError for a file that is none."""
    name = file_name(embedder)
    for folder in (written_to(), _DEFAULTS):
        path = folder / name
        if path.is_file():
            try:
                raw = json.loads(path.read_text(encoding="utf-8"))
                if folder != _DEFAULTS and not _is_of_now(raw):
                    logger.warning("calibrated by an earlier Kauri: run manage.py rag_calibrate", extra={"path": path})
                return _read(raw, name)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path} is no calibration: {error}") from error
    return None


def calibration_write(embedder: str, calibration: Calibration, folder: Path | None = None) -> Path:
    """Write an embedder's calibration where every process of this installation reads it; return the file."""
    path = (folder or written_to()) / file_name(embedder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(asdict(calibration)), indent=2) + "\n", encoding="utf-8")
    return path


def turn_of(embedder: str, dimension: int) -> npt.NDArray[np.float32] | None:
    """Return an embedder's turn (dimension, dimension), None where there is none.

    Raises ValueError for a file that is none.
    """
    for folder in (written_to(), _DEFAULTS):
        path = folder / _turn_name(embedder)
        if path.is_file():
            turn: npt.NDArray[np.float32] = np.load(path, allow_pickle=False).astype(np.float32)
            if turn.shape != (dimension, dimension):
                raise ValueError(f"{path} turns no vectors of {dimension} numbers")
            return turn
    return None


def turned(vector: npt.NDArray[np.float32], turn: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return a question's vector (dimension,) turned, of length 1."""
    made = vector @ turn
    return np.asarray(made / max(float(np.linalg.norm(made)), 1e-12), dtype=np.float32)


def turn_write(embedder: str, turn: npt.NDArray[np.float32], folder: Path | None = None) -> Path:
    """Write an embedder's turn where every process of this installation reads it; return the file."""
    path = (folder or written_to()) / _turn_name(embedder)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, turn.astype(np.float16))
    return path


def written_to() -> Path:
    """Return the folder of calibrations that were made here."""
    return Path(settings.KAURI_VAR_DIR) / "calibration"


def file_name(embedder: str) -> str:
    """Return the name of an embedder's file."""
    return re.sub(r"[^\w.-]+", "_", embedder) + ".json"


def _turn_name(embedder: str) -> str:
    return file_name(embedder).removesuffix(".json") + ".npy"


@lru_cache(maxsize=8)
def answers_shipped(name: str) -> AnswerModels:
    """Return the models of answers that come with Kauri for an embedder, of words alone where it has none."""
    path = next(p for p in (_DEFAULTS / file_name(name), _DEFAULTS / file_name(LEXICAL)) if p.is_file())
    return _answers_read(json.loads(path.read_text(encoding="utf-8"))["answers"])


def _read(raw: Mapping[str, Any], name: str) -> Calibration:
    return Calibration(
        FusionWeights(**_numbers(raw["fusion"])),
        RerankWeights(**_numbers(raw["rerank"])),
        EvidenceModel(**_numbers(raw["evidence"])),
        # a file that was written before there were such models
        _answers_read(raw["answers"]) if "answers" in raw else answers_shipped(name.removesuffix(".json")),
    )


def _is_of_now(raw: Mapping[str, Any]) -> bool:
    """Tell whether a file weighs all that this Kauri looks at: what it does not know of counts for nothing in it."""
    return "answers" in raw and {each.name for each in fields(RerankWeights)} <= raw["rerank"].keys()


def _answers_read(raw: Mapping[str, Any]) -> AnswerModels:
    return AnswerModels(PassageModel(**_numbers(raw["passage"])), AnswerModel(**_numbers(raw["answer"])))


def _numbers(raw: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in raw.items()}


def _rounded(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(each, 4) if isinstance(each, float) else _rounded(each) for name, each in raw.items()}
