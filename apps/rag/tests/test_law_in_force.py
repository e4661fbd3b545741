"""Two editions of one code in one knowledge base: a question of a year is answered from that year's edition alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from apps.rag.evaluation.asking import LEGS
from apps.rag.evaluation.dataset import Dataset, dataset_read
from apps.rag.evaluation.evaluate import Measured, Wishes, evaluate
from apps.rag.evaluation.steps import Steps
from apps.rag.tests.datasets import FOLDER, needs_data
from apps.rag.tests.sets import Row, write_set
from apps.rag.types import InForce

pytestmark = pytest.mark.django_db(transaction=True)

PERIODS = {
    "cgi_congo_2025": InForce(date(2025, 1, 1), date(2026, 1, 1)),
    "cgi_congo_2026": InForce(date(2026, 1, 1), None),
}
RATES = {2025: ("30 %", "1.000.000"), 2026: ("25 %", "2.000.000")}
N_QUESTIONS, N_AROUND = 25, 60


def edition(year: int) -> tuple[Row, ...]:
    """Return the articles of a made-up code: nearly the same words in both years, other figures."""
    rate, minimum = RATES[year]
    return (
        {"id": f"e{year}#Art._86", "title": "Art. 86 Taux", "text": f"Le taux de l'impôt sur les sociétés est fixé à "
         f"{rate} du bénéfice imposable."},
        {"id": f"e{year}#Art._87", "title": "Art. 87 Minimum", "text": f"Le minimum de perception de l'impôt sur les "
         f"sociétés est de {minimum} francs CFA."},
        {"id": f"e{year}#Art._88", "title": "Art. 88 Déclaration", "text": "La déclaration de l'impôt sur les sociétés "
         "est déposée au plus tard le 20 mai."},
    )  # fmt: skip


def questions(year: int, day: str) -> tuple[Row, ...]:
    """Return the same questions, asked on a day of a year, with that year's figures."""
    rate, minimum = RATES[year]
    return (
        {"id": f"{day}-rate", "text": "Quel est le taux de l'impôt sur les sociétés ?", "as_of": day,
         "relevant": [f"e{year}#Art._86"], "must_contain": [rate]},
        {"id": f"{day}-article", "text": "article 87 du CGI", "as_of": day,
         "relevant": [f"e{year}#Art._87"], "must_contain": [minimum]},
        {"id": f"{day}-minimum", "text": "minimum de perception de l'impôt sur les sociétés", "as_of": day,
         "relevant": [f"e{year}#Art._87"], "must_contain": [minimum]},
    )  # fmt: skip


def measured(datasets: tuple[Dataset, ...], settings: Any, tmp_path: Path) -> tuple[Measured, ...]:
    """Measure every leg of datasets whose corpora stand together in one knowledge base."""
    settings.KAURI_EMBEDDER, settings.KAURI_INDEX_DIR = "builtin", tmp_path / "index"
    wishes = Wishes(legs=LEGS, wants_answers=True, is_together=True, as_of=None)
    return evaluate(datasets, wishes, Steps(is_silent=True))


def assert_only_in_force(measurements: tuple[Measured, ...]) -> None:
    """Check that every leg ranked something, and nothing that was not in force."""
    for each in measurements:
        strays = each.report.strays
        assert [leg.leg for leg in each.report.legs] == list(LEGS)
        assert dict(strays.by_leg) == dict.fromkeys(LEGS, 0)
        assert (strays.citations, strays.n_cited > 0) == (0, True)
        for outcome in each.outcomes:
            assert all(outcome.ranking(leg) for leg in ("bm25", "dense", "fused", "reranked")), outcome.query.text


def test_each_day_is_answered_from_its_own_edition(settings: Any, tmp_path: Path) -> None:
    days = {2025: ("2025-01-01", "2025-12-31"), 2026: ("2026-01-01", "2026-06-30")}
    datasets = tuple(
        dataset_read(
            write_set(
                tmp_path / f"cgi_congo_{year}",
                corpus=edition(year),
                questions=[question for day in days[year] for question in questions(year, day)],
            ),
            library=tmp_path,
            in_force=PERIODS,
        )
        for year in RATES
    )
    measurements = measured(datasets, settings, tmp_path)
    assert_only_in_force(measurements)
    for each in measurements:
        assert {outcome.query.query_id for outcome in each.outcomes if outcome.ranking("reranked")[0] not in
                outcome.query.relevant} == set()  # fmt: skip
        assert each.report.answers is not None
        assert each.report.answers.cited_and_contains == 1.0


def test_an_edition_that_never_ends_is_seen_as_a_stray(settings: Any, tmp_path: Path) -> None:
    """Without periods both editions answer: what the test above says is not true of any index."""
    datasets = tuple(
        dataset_read(
            write_set(tmp_path / f"cgi_congo_{year}", corpus=edition(year), questions=questions(year, f"{year}-03-01")),
            library=tmp_path,
        )
        for year in RATES
    )
    first, _second = measured(datasets, settings, tmp_path)
    found = {each for outcome in first.outcomes for each in outcome.ranking("reranked")}
    assert any(each.startswith("cgi_congo_2026/") for each in found)


@needs_data
def test_questions_on_the_real_codes_find_their_years_edition(settings: Any, tmp_path: Path) -> None:
    datasets = tuple(around(name) for name in PERIODS)
    assert_only_in_force(measured(datasets, settings, tmp_path))


def around(name: str) -> Dataset:
    """Return the first questions of a code with the passages that answer them and some others.

    The whole of both codes is measured by `manage.py rag_eval … --together --in-force …`.
    """
    whole = dataset_read(FOLDER / "retrieval" / name, library=FOLDER, limit=N_QUESTIONS, in_force=PERIODS)
    (corpus,) = whole.corpora
    wanted = {each for query in whole.queries for each in query.relevant}
    kept = [each for n, each in enumerate(corpus.passages) if each.gold_id in wanted or n < N_AROUND]
    return replace(whole, corpora=(replace(corpus, passages=tuple(kept)),))
