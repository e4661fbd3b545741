"""Calibration: weights that were hidden in made data are found again, kept in files and read by the engine."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from apps.rag.calibration import (
    LEXICAL,
    Calibration,
    EvidenceModel,
    EvidenceSigns,
    FusionWeights,
    RerankWeights,
    calibration_of,
    calibration_write,
    turn_of,
    turn_write,
    turned,
)
from apps.rag.config import RagConfig, calibrated
from apps.rag.evaluation.calibrate import fitted
from apps.rag.evaluation.calibration import TOTAL, Sample, left_out, rerank_fitted, rerank_quality
from apps.rag.evaluation.calibration_evidence import Case, cross_validated, evidence_fitted, rates
from apps.rag.types import Hit, Ranking

NAMES = [each.name for each in fields(RerankWeights)]
N_CANDIDATES = 20


def samples(dataset: str, seed: int, n: int = 60) -> list[Sample]:
    """Return questions whose relevant candidate is the one with most `window` and half as much `letters`."""
    source = np.random.default_rng(seed)
    made: list[Sample] = []
    for _ in range(n):
        signs = source.random((N_CANDIDATES, len(NAMES))).astype(np.float32)
        true = 2.0 * signs[:, NAMES.index("window")] + signs[:, NAMES.index("letters")]
        relevant = np.arange(N_CANDIDATES) == int(true.argmax())
        hits = tuple(Hit(n, float(true[n])) for n in np.argsort(-true).tolist())
        added = np.zeros(N_CANDIDATES, dtype=np.float32)
        gold = frozenset([int(true.argmax())])
        made.append(
            Sample(dataset, tuple(range(N_CANDIDATES)), signs, added, relevant, gold, (Ranking("bm25", hits, 0.0),))
        )
    return made


def test_the_weights_that_were_hidden_are_found() -> None:
    found = rerank_fitted(samples("one", 1) + samples("two", 2), NAMES)
    assert sum(getattr(found, name) for name in NAMES) == pytest.approx(TOTAL)
    ordered = sorted(NAMES, key=lambda name: -getattr(found, name))
    assert ordered[:2] == ["window", "letters"]
    assert found.window == pytest.approx(2.0 * found.letters, rel=0.35)
    assert rerank_quality(samples("three", 3), found).mrr > 0.9


def test_each_dataset_is_measured_by_the_weights_of_the_others() -> None:
    groups = {"one": samples("one", 1), "two": samples("two", 2)}
    found = left_out(groups, ["window"])
    assert set(found) == {"one", "two"}
    assert found["one"] == rerank_quality(groups["one"], rerank_fitted(groups["two"], ["window"]))


def test_a_sign_that_is_not_there_gets_no_weight() -> None:
    found = rerank_fitted(samples("one", 1), ["window", "coverage"])
    assert found.letters == 0.0
    assert found.window > found.coverage


def cases(n: int = 200) -> list[Case]:
    """Return questions that are answered where much of them is covered, with some noise."""
    source = np.random.default_rng(4)
    made: list[Case] = []
    for place in range(n):
        coverage = float(source.random())
        signs = EvidenceSigns(around=coverage, near=float(source.random()))
        made.append(Case("field" if coverage > 0.5 else "not field", signs, coverage > 0.5 or place % 50 == 0))
    return [*made, Case("by rule", None, is_answerable=False)]


def test_the_evidence_model_tells_apart_what_can_be_told_apart() -> None:
    asked = cases()
    model = evidence_fitted(asked)
    assert model.around > 5 * model.near
    evidence = cross_validated(asked)
    assert evidence[-1] == 0.0
    (at_half,) = rates(asked, evidence, [0.5])
    assert at_half.answered > 0.9
    assert at_half.refused > 0.9


def test_rates_are_shares_of_each_side() -> None:
    asked = [Case("a", None, is_answerable=True)] * 4 + [Case("b", None, is_answerable=False)] * 2
    (found,) = rates(asked, [0.9, 0.6, 0.4, 0.1, 0.6, 0.2], [0.5])
    assert (found.answered, found.refused) == (0.5, 0.5)


def test_the_bias_is_moved_so_that_a_half_is_the_threshold() -> None:
    found = fitted(calibrated(RagConfig(), LEXICAL), samples("one", 1), cases())
    assert found.evidence.bias != evidence_fitted(cases()).bias or found.threshold == 0.5
    assert found.rerank.sentence == 0.0, "no leg of vectors was there"
    assert [row.left_out for row in found.datasets] == [None]


def test_a_question_is_turned_where_its_embedder_has_a_turn(tmp_path: Path, settings: object) -> None:
    settings.KAURI_VAR_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    assert turn_of("some/model", 3) is None
    swap = np.roll(np.eye(3, dtype=np.float32), 1, axis=1)
    path = turn_write("some/model", 3.0 * swap)
    assert path.name == "some_model.npy"
    found = turn_of("some/model", 3)
    assert found is not None
    assert turned(np.array([0.6, 0.8, 0.0], dtype=np.float32), found) == pytest.approx([0.0, 0.6, 0.8])
    with pytest.raises(ValueError, match="turns no vectors of 4 numbers"):
        turn_of("some/model", 4)


def test_what_is_written_is_what_the_engine_reads(tmp_path: Path, settings: object) -> None:
    settings.KAURI_VAR_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    made = Calibration(FusionWeights(1.0, 0.3, 0.7), RerankWeights(bm25=1.25), EvidenceModel(bias=-2.0, near=3.0))
    assert calibration_of("some/model") is None
    path = calibration_write("some/model", made)
    assert path.name == "some_model.json"
    assert calibration_of("some/model") == made
    config = calibrated(RagConfig(), "some/model")
    assert (config.rerank.bm25, config.weights.dense, config.is_calibrated) == (1.25, 0.7, True)


def test_an_embedder_that_nobody_calibrated_is_fused_by_rank() -> None:
    config = calibrated(RagConfig(), "never heard of")
    assert not config.is_calibrated
    assert config.rerank == calibrated(RagConfig(), LEXICAL).rerank


def test_a_file_of_an_earlier_kauri_is_read_and_told_of(
    tmp_path: Path, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    settings.KAURI_VAR_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    path = calibration_write("some/model", Calibration(FusionWeights(), RerankWeights(), EvidenceModel()))
    assert calibration_of("some/model") is not None
    assert caplog.messages == []
    raw = json.loads(path.read_text(encoding="utf-8"))
    del raw["rerank"]["brief"]
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert calibration_of("some/model") is not None
    assert "run manage.py rag_calibrate" in caplog.messages[0]


def test_a_broken_file_is_named(tmp_path: Path, settings: object) -> None:
    settings.KAURI_VAR_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "none.json").write_text('{"fusion": {}}')
    with pytest.raises(ValueError, match=r"none\.json is no calibration"):
        calibration_of(LEXICAL)


def test_the_command_names_a_dataset_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="ni dossier ni fichier"):
        call_command("rag_calibrate", str(tmp_path / "absent"))
