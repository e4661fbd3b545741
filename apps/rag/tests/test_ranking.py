"""The order of what was found: legs and weights as a search asks for them, and a model's verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.config import RagConfig, overridden
from apps.rag.engine import Engine
from apps.rag.retrieval.ranking import Candidates, beside, blend
from apps.rag.retrieval.resolve import Resolved
from apps.rag.stores.postgres import Hydrated
from apps.rag.tests.entries import article, scope
from apps.rag.tests.passages import passage
from apps.rag.types import Hit, Overrides, Question, Ranking, SearchResult

ENTRIES = (
    article("311", "Le capital social de la société à responsabilité limitée est d'un million de francs."),
    article("312", "Les parts sociales sont égales. Le capital est divisé en parts."),
    article("313", "Le capital et le capital, et encore le capital."),
    article("388", "L'assemblée est convoquée quinze jours avant sa réunion."),
)


@pytest.fixture
def engine(tmp_path: Path, db: object) -> Engine:
    """Return an engine without a model over the entries above."""
    indexer.entries_stage(ENTRIES)
    for version_id in {each.version_id for each in ENTRIES}:
        indexer.version_publish(version_id)
    return build_engine(index_dir=tmp_path, embedder="none")


async def search(engine: Engine, text: str, **overrides: object) -> SearchResult:
    """Search with overrides."""
    await engine.warm()
    asked = Overrides(**overrides)  # type: ignore[arg-type]  # values are named by each test
    return await engine.search(Question(text, scope(), overrides=asked))


def legs(result: SearchResult) -> list[str]:
    """Return the legs that ran."""
    return [ranking.leg for ranking in result.rankings]


@pytest.mark.django_db(transaction=True)
async def test_only_the_legs_asked_for_run(engine: Engine) -> None:
    assert legs(await search(engine, "capital social")) == ["bm25", "gram", "fused"]
    assert legs(await search(engine, "capital social", legs=("gram",))) == ["gram", "fused"]


@pytest.mark.django_db(transaction=True)
async def test_the_fused_order_stands_where_no_reranking_is_asked_for(engine: Engine) -> None:
    result = await search(engine, "capital social d'une SARL", is_reranked=False)
    fused = [hit.entry_id for hit in result.rankings[-1].hits]
    assert [each.passage.entry_id for each in result.passages] == fused


@pytest.mark.django_db(transaction=True)
async def test_weights_and_number_of_passages_are_those_asked_for(engine: Engine) -> None:
    weights = (("bm25", 0.0), ("gram", 2.0))
    result = await search(engine, "capital", weights=weights, n_passages=2)
    assert len(result.passages) == 2
    assert result.rankings[-1].hits[0].score == pytest.approx(2.0)


@pytest.mark.django_db(transaction=True)
async def test_passages_are_found_for_a_question_that_is_refused_as_out_of_scope(engine: Engine) -> None:
    result = await search(engine, "Quel est le capital social en Belgique ?")
    assert (result.is_answerable, result.refusal_reason) == (False, "out_of_scope")
    assert result.passages


def test_overrides_change_one_search_only() -> None:
    config = RagConfig()
    changed = overridden(config, Overrides(n_passages=3, weights=(("dense", 0.9), ("unheard of", 1.0))))
    assert (changed.n_passages, changed.weights.dense, changed.weights.bm25) == (3, 0.9, config.weights.bm25)
    assert overridden(config, Overrides()) == config


def test_a_models_verdict_orders_what_it_read_and_nothing_below() -> None:
    scores = {1: 3.0, 2: 2.0, 3: 1.0, 4: 0.5}
    mixed = blend(scores, {1: -4.0, 2: 6.0, 3: 1.0}, RagConfig(model_share=0.7))
    assert sorted(mixed, key=lambda entry_id: -mixed[entry_id]) == [2, 3, 1, 4]
    assert mixed[3] == pytest.approx(1.0 + 2.0 * 0.7 * 0.5)
    assert mixed[4] == 0.5


def test_without_a_model_the_order_stands() -> None:
    scores = {1: 3.0, 2: 2.0}
    assert blend(scores, {}, RagConfig()) == scores


def test_passages_speak_for_those_around_them_in_their_text() -> None:
    admitted = {n: _admitted(n, ordinal) for n, ordinal in ((1, 10), (2, 12), (3, 18), (4, 11))}
    other = passage("AUA art. 1", "", entry_id=5, ordinal=10)
    fused = Ranking("fused", (Hit(5, 5.0), Hit(1, 4.0), Hit(2, 2.0), Hit(3, 1.0)), 0.0)
    candidates = Candidates((fused,), {**admitted, 5: Hydrated(other, ())}, Resolved((), (), ()), False)
    # 1 is worth .75 and 2 a quarter; 3 is six passages away, 5 of another text, 4 came by its number alone
    assert beside(candidates, RagConfig()) == {1: 0.25, 2: 0.75, 3: 0.0, 4: 0.75, 5: 0.0}


def _admitted(entry_id: int, ordinal: int) -> Hydrated:
    return Hydrated(passage(f"AUSCGIE art. {entry_id}", "", entry_id=entry_id, ordinal=ordinal), ())
