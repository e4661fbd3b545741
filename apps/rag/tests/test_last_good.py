"""The last good answer: when it stands in, for whom, and what of it is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from apps.rag import indexer
from apps.rag.cache.lastgood import LastGoodEngine
from apps.rag.config import RagConfig
from apps.rag.engine import Engine
from apps.rag.errors import RetrievalUnavailable
from apps.rag.tests.caching import CAPITAL, answer, behind_cache, engine_over_capital, publish, question, store, text_of
from apps.rag.tests.entries import article, scope
from apps.rag.tests.providers import ProviderServer, serve
from apps.rag.types import AnswerEvent, Finished, InForce, Question, Retrieved
from kauri.lib import clock
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider() -> Iterator[ProviderServer]:
    """Return a model that answers well and counts."""
    with serve("good") as server:
        yield server


@pytest.fixture
async def plain(tmp_path: Path, provider: ProviderServer) -> AsyncIterator[Engine]:
    """Return an engine over one published article, with the model."""
    async with engine_over_capital(tmp_path, provider) as engine:
        yield engine


async def test_the_last_good_answer_stands_in_when_every_model_fails(plain: Engine, provider: ProviderServer) -> None:
    engine = _with_last_good(plain)
    first = await answer(engine)
    await run_db(publish, article("999", "Un autre article.", version="third"))  # the cached answer is no longer valid
    provider.mode = "refuses"
    events = await answer(engine)
    end = cast("Finished", events[-1])
    assert end.degraded == ("lexical_only", "last_good")
    assert end.answered_at is not None
    assert text_of(events) == text_of(first)
    assert len([event for event in events if isinstance(event, Retrieved)]) == 1


async def test_the_last_good_answer_goes_with_the_text_that_it_cites(plain: Engine, provider: ProviderServer) -> None:
    engine = _with_last_good(plain)
    await answer(engine)
    provider.mode = "refuses"
    reworded = replace(CAPITAL, text="Le capital social de la société à responsabilité limitée est libre.")
    await run_db(indexer.entries_stage, [reworded])
    await plain.warm()
    events = await answer(engine)
    assert "model_unavailable" in cast("Finished", events[-1]).degraded
    assert "libre" in text_of(events)


async def test_the_last_good_answer_shows_no_passage_that_is_withdrawn_since(
    plain: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = article("312", "Les parts de la SARL sont égales.", version="aside")
    await run_db(publish, aside)
    await plain.warm()
    engine = _with_last_good(plain)
    asked = "Que disent les articles 311 et 312 de l'AUSCGIE ?"
    assert set(_found(await answer(engine, asked))) == {"AUSCGIE art. 311", "AUSCGIE art. 312"}
    await run_db(indexer.version_withdraw, aside.version_id)
    monkeypatch.setattr(plain, "answer", _away)
    events = await answer(engine, asked)
    assert cast("Finished", events[-1]).answered_at is not None
    assert _found(events) == ["AUSCGIE art. 311"]


async def test_the_last_good_answer_on_another_years_law_stands_in_too(plain: Engine, provider: ProviderServer) -> None:
    former = article(
        "9",
        "Le taux de la taxe est de 30 %.",
        code="CGI",
        version="cgi",
        in_force=InForce(date(2025, 1, 1), date(2026, 1, 1)),
    )
    await run_db(publish, former)
    await plain.warm()
    engine = _with_last_good(plain)
    asked = Question("Que dit l'article 9 du CGI 2025 ?", scope(as_of=clock.today()))
    assert "30 %" in text_of(await answer(engine, asked))
    await run_db(publish, article("999", "Un autre article.", version="third"))
    provider.mode = "refuses"
    assert cast("Finished", (await answer(engine, asked))[-1]).answered_at is not None


async def test_another_reader_has_no_part_in_the_last_good_answer(plain: Engine, provider: ProviderServer) -> None:
    engine = _with_last_good(plain)
    await answer(engine)
    provider.mode = "refuses"
    events = await answer(engine, replace(question(), scope=scope(namespaces=("doctrine",))))
    assert cast("Finished", events[-1]).answered_at is None


def _with_last_good(engine: Engine) -> LastGoodEngine:
    return LastGoodEngine(behind_cache(engine), store=store(), config=RagConfig())


def _found(events: list[AnswerEvent]) -> list[str]:
    (retrieved,) = [event for event in events if isinstance(event, Retrieved)]
    return [ranked.passage.locator for ranked in retrieved.result.passages]


async def _away(_question: Question) -> AsyncIterator[AnswerEvent]:
    nothing: tuple[AnswerEvent, ...] = ()
    for event in nothing:
        yield event
    raise RetrievalUnavailable
