"""A cross-encoder in the engine: its order where it comes in time, the order before it and a mark where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from apps.rag.build import build_engine
from apps.rag.config import RagConfig, calibrated, configured
from apps.rag.embedders import embedder_named
from apps.rag.engine import Engine
from apps.rag.ports import Reranker
from apps.rag.retrieval.folder import LexicalFolder
from apps.rag.tests.entries import article, scope
from apps.rag.tests.test_engine import locators, publish
from apps.rag.tests.test_rerankers import TimedReranker
from apps.rag.types import Overrides, Passage, Question

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = (
    article("1", "Le gérant de la société est nommé par les associés dans les statuts."),
    article("2", "Le gérant est révocable par les associés pour un juste motif."),
    article("3", "Le gérant convoque les associés en assemblée."),
    article("4", "Le gérant établit le rapport de gestion."),
)
QUESTION = "Par qui le gérant est-il nommé ?"


class Contrarian(TimedReranker):
    """Puts last what everyone puts first."""

    name = "contrarian"

    def score(self, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        """Return higher scores for later articles."""
        super().score(question, passages)
        return [float(each.locator[-1]) for each in passages]


Make = Callable[..., Engine]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what makes an engine over the articles above."""
    publish(*TEXTS)

    def made(reranker: Reranker | None, **changes: Any) -> Engine:
        config = calibrated(RagConfig(rerank_deadline_s=0.3, model_share=1.0, **changes), "none")
        folder = LexicalFolder(tmp_path)
        return Engine(folder=folder, embedder=embedder_named("none"), providers=(), config=config, reranker=reranker)

    return made


async def warmed(engine: Engine) -> Engine:
    await engine.warm()
    while not engine.is_warm:
        pass  # its thread has almost nothing to do
    return engine


async def test_the_models_order_stands_where_it_comes_in_time(make: Make) -> None:
    without = await (await warmed(make(None))).search(Question(QUESTION, scope()))
    assert locators(without)[0] == "AUSCGIE art. 1"
    engine = await warmed(make(Contrarian()))
    result = await engine.search(Question(QUESTION, scope()))
    assert locators(result) == [f"AUSCGIE art. {number}" for number in (4, 3, 2, 1)]
    assert result.degraded == ("lexical_only",)


async def test_a_model_that_is_late_leaves_the_order_and_a_mark(make: Make) -> None:
    without = await (await warmed(make(None))).search(Question(QUESTION, scope()))
    engine = await warmed(make(Contrarian(slice_s=1.0)))
    result = await engine.search(Question(QUESTION, scope()))
    assert locators(result) == locators(without)
    assert result.degraded == ("lexical_only", "rerank_unavailable")


async def test_a_broken_model_costs_a_mark_and_nothing_else(make: Make) -> None:
    broken = Contrarian()
    broken.is_broken = True
    result = await (await warmed(make(broken))).search(Question(QUESTION, scope()))
    assert locators(result)[0] == "AUSCGIE art. 1"
    assert "rerank_unavailable" in result.degraded


async def test_who_asks_for_an_article_by_its_number_does_not_wait_for_a_model(make: Make) -> None:
    reranker = Contrarian()
    engine = await warmed(make(reranker))
    result = await engine.search(Question("Que dit l'article 2 de l'AUSCGIE ?", scope()))
    assert locators(result)[0] == "AUSCGIE art. 2"
    assert reranker.n_slices == 0


async def test_a_search_that_wants_no_reranking_gets_none(make: Make) -> None:
    reranker = Contrarian()
    engine = await warmed(make(reranker))
    await engine.search(Question(QUESTION, scope(), overrides=Overrides(is_reranked=False)))
    assert reranker.n_slices == 0
    await engine.search(Question(QUESTION, scope(), overrides=Overrides(n_passages=2)))
    assert reranker.n_slices == 1


async def test_only_the_best_are_read(make: Make) -> None:
    reranker = Contrarian()
    result = await (await warmed(make(reranker, n_reranked=1))).search(Question(QUESTION, scope()))
    assert locators(result)[0] == "AUSCGIE art. 1"


async def test_none_leaves_the_candidates_as_they_were_found(make: Make, settings: Any, tmp_path: Path) -> None:
    settings.KAURI_RERANKER = "none"
    assert not configured().is_reranked
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    result = await engine.search(Question(QUESTION, scope()))
    fused = next(ranking for ranking in result.rankings if ranking.leg == "fused")
    assert [each.passage.entry_id for each in result.passages] == [hit.entry_id for hit in fused.hits]


def test_answers_of_one_reranker_are_not_given_for_anothers(make: Make) -> None:
    assert len({make(None).fingerprint, make(Contrarian()).fingerprint, make(TimedReranker()).fingerprint}) == 3
