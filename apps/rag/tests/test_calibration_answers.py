"""The models of answers: rules that were hidden in made questions are found again, kept in files and obeyed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from apps.rag.calibration import BUILTIN, LEXICAL, answers_shipped, calibration_of, calibration_write
from apps.rag.calibration.answers import AnswerModel, AnswerModels, AnswerSigns, PassageModel, PassageSigns
from apps.rag.config import RagConfig, calibrated
from apps.rag.evaluation.calibration_answers import (
    TARGET,
    AnswerCase,
    answers_fitted,
    cross_validated,
    models_fitted,
    threshold_of,
    weighed,
)
from apps.rag.generation.choosing import MAX_CHOSEN, Candidate, Found, answer_signs, picked

N_CANDIDATES = 6


def candidate(index: int, signs: PassageSigns, *, best: float = 0.0, spread: float = 0.0) -> Candidate:
    """Return a candidate of which only this is known."""
    return Candidate(
        index,
        signs,
        0.0,
        best,
        spread,
        met=0.0,
        towards=0.0,
        is_front=False,
        is_barred=False,
        is_own=False,
        is_shared=False,
    )


def cases(n: int = 300, seed: int = 5) -> list[AnswerCase]:
    """Return questions that the passage answers which leads, where what is ahead is far ahead, with some noise."""
    source = np.random.default_rng(seed)
    made: list[AnswerCase] = []
    for place in range(n):
        leads, words = source.random(N_CANDIDATES), source.random(N_CANDIDATES)
        candidates = tuple(
            candidate(i, PassageSigns(lead=float(leads[i]), words=float(words[i])), best=0.5, spread=0.5)
            for i in range(N_CANDIDATES)
        )
        ahead = float(source.random())
        is_told = ahead > 0.4 or place % 30 == 0
        relevant = frozenset([int(leads.argmax())]) if is_told else frozenset[int]()
        made.append(AnswerCase("field", f"question {place}", candidates, relevant, Found((), 0.9, ahead), True, True))
    return made


def test_the_signs_that_tell_are_found() -> None:
    models = models_fitted(cases())
    assert models.passage.lead > 5 * abs(models.passage.words)
    assert models.answer.ahead > 3.0
    assert models.answer.evidence == pytest.approx(0.0), "it was always the same"


def test_answers_are_right_as_often_as_wanted_in_questions_that_the_fit_has_not_seen() -> None:
    found = answers_fitted(cases())
    (group,) = found.groups
    assert group.right is not None
    assert group.right >= TARGET - 0.02
    assert group.answered > 0.5
    answered = [case for case in cases(seed=6) if _sure(found.models, case) >= 0.5]
    assert sum(bool(case.relevant) for case in answered) / len(answered) >= TARGET - 0.05


def test_what_is_met_in_the_texts_words_tells_whether_to_answer() -> None:
    signs = [candidate(0, PassageSigns(lead=0.5)), candidate(1, PassageSigns())]
    told = answer_signs([replace(signs[0], met=0.5, towards=0.3), signs[1]], {0: 0.6, 1: 0.1}, Found((), 0.9, 0.4))
    assert (told.met, told.towards) == (0.5, 0.3)


def test_where_no_threshold_is_sure_enough_a_half_is_it() -> None:
    wrong = [case for case in cases(40) if not case.relevant]
    judged = cross_validated(weighed([*wrong, *cases(20)]))
    assert threshold_of([each for each in judged if not each.is_right]) == 0.5


def test_a_question_is_in_one_fold_however_often_it_is_asked() -> None:
    twice = [*cases(50), *cases(50)]
    judged = cross_validated(weighed(twice))
    assert [each.sure for each in judged[:50]] == [each.sure for each in judged[50:]]


def test_the_more_open_it_is_the_more_is_quoted() -> None:
    def kept(*values: float) -> list[int]:
        made = [candidate(i, PassageSigns()) for i in range(len(values))]
        return picked(made, dict(enumerate(values)))

    assert kept(0.95, 0.05) == [0]
    assert kept(0.3, 0.5, 0.01) == [1, 0]
    assert kept(0.2, 0.2, 0.2, 0.2, 0.2) == [0, 1, 2, 3]


def test_what_is_written_is_what_the_answerer_reads(tmp_path: Path, settings: object) -> None:
    settings.KAURI_VAR_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    shipped = calibration_of(BUILTIN)
    assert shipped is not None
    models = AnswerModels(PassageModel(bias=-1.5, lead=2.0), AnswerModel(ahead=3.25))
    path = calibration_write(BUILTIN, type(shipped)(shipped.fusion, shipped.rerank, shipped.evidence, models))
    assert calibrated(RagConfig(), BUILTIN).answers == models
    older = {name: part for name, part in json.loads(path.read_text()).items() if name != "answers"}
    path.write_text(json.dumps(older))
    assert calibrated(RagConfig(), BUILTIN).answers == answers_shipped(BUILTIN)


def test_an_embedder_that_nobody_calibrated_answers_by_words() -> None:
    assert calibrated(RagConfig(), "never heard of").answers == answers_shipped(LEXICAL)
    assert answers_shipped(LEXICAL).passage.sentence == 0.0


def test_the_answers_of_an_embedder_are_fitted_after_its_ranking(tmp_path: Path, settings: Settings) -> None:
    settings.KAURI_VAR_DIR = tmp_path
    (tmp_path / "questions.jsonl").write_text('{"id": "1", "text": "?"}\n')
    (tmp_path / "corpus.jsonl").write_text('{"id": "a", "title": "A", "text": "Le capital."}\n')
    settings.KAURI_EMBEDDER = "remote"
    settings.KAURI_EMBEDDER_BASE_URL = "http://127.0.0.1:9/v1"
    settings.KAURI_EMBEDDER_MODEL = "a/model"
    with pytest.raises(CommandError, match="--answers"):
        call_command("rag_calibrate", str(tmp_path), "--answers", "--on-these-stores", str(tmp_path / "v.sqlite3"))


def _sure(models: AnswerModels, case: AnswerCase) -> float:
    likely: Sequence[float] = sorted((models.passage.probability(each.signs) for each in case.candidates), reverse=True)
    signs = AnswerSigns(evidence=0.9, ahead=case.found.ahead, rest=sum(likely[MAX_CHOSEN:]), best=0.5, spread=0.5)
    return models.answer.probability(signs)
