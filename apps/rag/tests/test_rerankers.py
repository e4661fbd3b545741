"""Cross-encoders: what each promises, and the deadline after which an answer does without them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from apps.rag.config import RagConfig
from apps.rag.errors import RerankerFailed
from apps.rag.ports import Reranker
from apps.rag.rerankers import reranker_named
from apps.rag.rerankers.pairs import text_of
from apps.rag.rerankers.stage import RerankStage
from apps.rag.retrieval.ranking import blend
from apps.rag.tests.passages import ACCOUNT_401, ART_311, ART_346, ART_697, passage
from apps.rag.tests.tiny_models import make_cross_encoder
from apps.rag.types import Passage

PASSAGES = tuple(
    replace(passage(locator, text), entry_id=number)
    for number, (locator, text) in enumerate(
        [
            ("AUSCGIE art. 311", ART_311),
            ("AUSCGIE art. 346", ART_346),
            ("AUSCGIE art. 697", ART_697),
            ("SYSCOHADA 401", ACCOUNT_401),
        ],
        start=1,
    )
)
MANY = tuple(replace(PASSAGES[0], entry_id=number) for number in range(1, 33))
QUESTION = "Quel est le capital minimum d'une SARL ?"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
models = pytest.mark.models


@pytest.fixture(params=["flag", "cross-encoder"])
def reranker(request: pytest.FixtureRequest, tiny_cross_encoder: Path) -> Reranker:
    found = reranker_named(request.param, str(tiny_cross_encoder))
    assert found is not None
    return found


@models
def test_there_is_one_score_a_passage_in_their_order(reranker: Reranker) -> None:
    scores = reranker.score(QUESTION, PASSAGES)
    assert len(scores) == len(PASSAGES)
    assert len({round(score, 4) for score in scores}) == len(PASSAGES)
    assert reranker.score(QUESTION, PASSAGES[::-1]) == pytest.approx(scores[::-1], abs=1e-4)
    assert reranker.score(QUESTION, ()) == ()


@models
def test_a_passage_has_its_score_whatever_comes_with_it(reranker: Reranker) -> None:
    together = reranker.score(QUESTION, PASSAGES)
    alone = [reranker.score(QUESTION, (each,))[0] for each in PASSAGES]
    assert alone == pytest.approx(together, abs=1e-4)
    assert reranker.score(QUESTION, PASSAGES) == together


@models
def test_the_question_counts(reranker: Reranker) -> None:
    assert reranker.score("bilan", PASSAGES) != reranker.score(QUESTION, PASSAGES)


@models
def test_texts_of_any_length_are_read_as_far_as_the_model_can(reranker: Reranker) -> None:
    odd = tuple(replace(PASSAGES[0], text=text) for text in ("", " ", "mot " * 20_000, "é\x00"))
    assert len(reranker.score("compte " * 3_000, odd)) == len(reranker.score("", odd)) == 4


@models
def test_both_libraries_read_the_same_model_alike(tiny_cross_encoder: Path) -> None:
    by_name = [reranker_named(name, str(tiny_cross_encoder)) for name in ("flag", "cross-encoder")]
    flag, other = (found.score(QUESTION, PASSAGES) for found in by_name if found is not None)
    assert flag == pytest.approx(other, abs=1e-3)


@models
def test_what_is_no_reranker_is_a_named_failure(
    tiny_cross_encoder: Path, tiny_bge_folder: Path, tmp_path: Path
) -> None:
    classifier = make_cross_encoder(tmp_path / "classifier", n_labels=3)
    broken = make_cross_encoder(tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nothing")
    for kind in ("flag", "cross-encoder"):
        for folder in (classifier, tiny_bge_folder, broken, tmp_path / "nowhere"):
            found = reranker_named(kind, str(folder))
            assert found is not None
            with pytest.raises(RerankerFailed):
                found.load()


def test_the_built_in_scorer_and_none_load_nothing() -> None:
    assert reranker_named("builtin") is None
    assert reranker_named("none") is None
    with pytest.raises(RerankerFailed, match="expected one of builtin, none, flag, cross-encoder"):
        reranker_named("cohere")


def test_a_passage_is_read_with_its_place() -> None:
    placed = replace(PASSAGES[0], heading_path=("Livre 1", "Capital social"))
    assert text_of(placed) == f"AUSCGIE art. 311, Capital social\n{ART_311}"
    assert text_of(replace(placed, locator="", heading_path=())) == ART_311


def test_a_model_decides_where_all_were_equal_before_it() -> None:
    blended = blend({1: 0.5, 2: 0.5, 3: 0.5}, {1: -3.0, 2: 4.0}, RagConfig())
    assert sorted(blended, key=lambda entry_id: -blended[entry_id])[0] == 2
    assert blended[3] == 0.5


class TimedReranker:
    """Takes its time, as a large model on a small machine does."""

    name = "timed"

    def __init__(self, slice_s: float = 0.0) -> None:
        self.slice_s, self.n_slices, self.is_broken = slice_s, 0, False
        self.threads: set[int] = set()

    def load(self) -> None:
        """Fail where it is broken."""
        if self.is_broken:
            raise RerankerFailed

    def score(self, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        """Return higher scores for later entries."""
        self.load()
        self.n_slices += 1
        self.threads.add(threading.get_ident())
        time.sleep(self.slice_s)
        return [float(each.entry_id) for each in passages]


def loaded(reranker: TimedReranker, deadline_s: float = 0.3) -> RerankStage:
    made = RerankStage(reranker, deadline_s=deadline_s)
    made.load()
    return made


async def test_every_passage_gets_its_score_within_the_deadline() -> None:
    assert await loaded(TimedReranker()).scores(QUESTION, MANY) == {each.entry_id: each.entry_id for each in MANY}
    assert await loaded(TimedReranker()).scores(QUESTION, ()) == {}


async def test_nobody_waits_for_a_model_that_is_still_loading() -> None:
    with pytest.raises(RerankerFailed):
        await RerankStage(TimedReranker(), deadline_s=5.0).scores(QUESTION, PASSAGES)


async def test_a_model_that_does_not_load_or_compute_is_gone_without(caplog: pytest.LogCaptureFixture) -> None:
    broken = TimedReranker()
    broken.is_broken = True
    with pytest.raises(RerankerFailed):
        await loaded(broken).scores(QUESTION, PASSAGES)
    assert "does not load" in caplog.text
    broken.is_broken = False
    stage = loaded(broken)
    broken.is_broken = True
    for _ in range(3):
        with pytest.raises(RerankerFailed):
            await stage.scores(QUESTION, PASSAGES)
    broken.is_broken = False
    assert len(await stage.scores(QUESTION, PASSAGES)) == len(PASSAGES)


async def test_the_deadline_holds_and_the_computation_ends_soon_after() -> None:
    slow = TimedReranker(slice_s=0.2)
    stage = loaded(slow)
    started_s = time.monotonic()
    with pytest.raises(RerankerFailed):
        await stage.scores(QUESTION, MANY)
    assert 0.29 < time.monotonic() - started_s < 0.9
    await asyncio.sleep(0.5)
    assert slow.n_slices == 2  # of four
    slow.slice_s = 0.0
    assert len(await stage.scores(QUESTION, MANY)) == len(MANY)


async def test_a_run_away_computation_piles_up_no_threads_and_keeps_nobody_waiting() -> None:
    slow = TimedReranker(slice_s=1.0)
    stage = loaded(slow)
    n_threads = threading.active_count()
    first = asyncio.create_task(stage.scores(QUESTION, MANY))
    await asyncio.sleep(0.05)
    started_s = time.monotonic()
    others = await asyncio.gather(*(stage.scores(QUESTION, MANY) for _ in range(200)), return_exceptions=True)
    assert time.monotonic() - started_s < 0.5
    assert all(isinstance(outcome, RerankerFailed) for outcome in others)
    with pytest.raises(RerankerFailed):
        await first
    assert threading.active_count() <= n_threads + 1
    assert len(slow.threads) == 1


async def test_a_question_that_is_taken_back_leaves_the_model_free() -> None:
    slow = TimedReranker(slice_s=0.1)
    stage = loaded(slow, deadline_s=5.0)
    for _ in range(5):
        asked = asyncio.create_task(stage.scores(QUESTION, MANY))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await asyncio.sleep(0.25)
    slow.slice_s = 0.0
    assert len(await stage.scores(QUESTION, MANY)) == len(MANY)
