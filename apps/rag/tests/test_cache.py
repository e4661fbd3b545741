"""The query cache in front of a real engine, with a model on loopback that counts what it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from django.conf import settings
from redis.asyncio import Redis

from apps.rag import indexer
from apps.rag.cache.cached import CachedEngine
from apps.rag.cache.codec import Kept, decode, encode
from apps.rag.cache.keys import answer_key, last_good_key
from apps.rag.cache.store import AnswerStore
from apps.rag.engine import Engine
from apps.rag.tests.caching import (
    ASKED,
    CAPITAL,
    answer,
    behind_cache,
    engine_over_capital,
    model_of,
    publish,
    question,
    store,
    text_of,
    until,
)
from apps.rag.tests.entries import SPACE, article, entry, scope
from apps.rag.tests.providers import ProviderServer, serve
from apps.rag.types import CitationAdded, Finished, Overrides, Question, Refused
from kauri.lib import clock
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = entry("note", "Une note de doctrine sur la SARL.", namespace="doctrine", version="other", kind="doctrine")
NOWHERE = "redis://127.0.0.1:1/0"


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


@pytest.fixture
def cached(plain: Engine) -> CachedEngine:
    """Return the engine behind the cache."""
    return behind_cache(plain)


async def test_an_answer_is_given_again_without_asking_the_model(
    cached: CachedEngine, provider: ProviderServer
) -> None:
    first, again = await answer(cached), await answer(cached)
    assert provider.n_calls == 1
    assert text_of(first) == text_of(again) != ""
    assert [event.citation for event in again if isinstance(event, CitationAdded)] == [
        event.citation for event in first if isinstance(event, CitationAdded)
    ]
    ends = [cast("Finished", events[-1]) for events in (first, again)]
    assert [end.answered_at is None for end in ends] == [True, False]
    assert ends[0].degraded == ends[1].degraded


async def test_spaces_and_the_question_mark_make_no_other_question(
    cached: CachedEngine, provider: ProviderServer
) -> None:
    await answer(cached)
    await answer(cached, "  " + ASKED.replace("Quel est", "Quel est ").replace("une ", "une\u00a0").removesuffix(" ?"))
    assert provider.n_calls == 1


def test_each_part_of_the_key_makes_another_key() -> None:
    question = Question(ASKED, scope(organisation_ids=(SPACE,)), ("Et avant ?",))
    revisions = (("references", 1), ("syscohada_revise", 7))
    other_scope: dict[str, dict[str, Any]] = {
        "namespaces": {"namespaces": ("references",)},
        "organisations": {"organisation_ids": (UUID(int=7),)},
        "no organisation": {"organisation_ids": ()},
        "day": {"as_of": date(2020, 1, 1)},
        "country": {"country": "SN"},
    }
    keys = {
        "as it is": answer_key(question, revisions, "m1"),
        "text": answer_key(replace(question, text="Quel est le capital minimum d'une SA ?"), revisions, "m1"),
        "case": answer_key(replace(question, text=ASKED.replace("SARL", "sarl")), revisions, "m1"),
        "history": answer_key(replace(question, history=()), revisions, "m1"),
        "language": answer_key(replace(question, language="en"), revisions, "m1"),
        "revision": answer_key(question, (("references", 2), ("syscohada_revise", 7)), "m1"),
        "one revision less": answer_key(question, revisions[:1], "m1"),
        "models": answer_key(question, revisions, "m2"),
        **{
            name: answer_key(replace(question, scope=replace(question.scope, **changes)), revisions, "m1")
            for name, changes in other_scope.items()
        },
    }
    assert len(set(keys.values())) == len(keys)
    assert answer_key(question, tuple(reversed(revisions)), "m1") == keys["as it is"]
    assert last_good_key(question) == last_good_key(replace(question, text=f" {ASKED}"))


async def test_the_same_day_asked_for_tomorrow_is_another_question(
    cached: CachedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = clock.today()
    asked = replace(question(), scope=scope(as_of=today))
    before = await cached._key(asked)
    monkeypatch.setattr(clock, "today", lambda: today + timedelta(days=1))
    assert await cached._key(asked) != before


async def test_a_neighbouring_account_is_another_question(cached: CachedEngine, provider: ProviderServer) -> None:
    await answer(cached, "Que dit l'article 311 ?")
    events = await answer(cached, "Que dit l'article 312 ?")
    assert isinstance(events[-1], Finished)
    assert events[-1].answered_at is None


async def test_a_change_of_a_text_in_scope_misses_and_one_elsewhere_does_not(
    cached: CachedEngine, provider: ProviderServer
) -> None:
    await answer(cached)
    await run_db(publish, OTHER)
    await answer(cached)
    assert provider.n_calls == 1
    reworded = replace(CAPITAL, text="Le capital social de la société à responsabilité limitée est libre.")
    await run_db(indexer.entries_stage, [reworded])
    await _engine_of(cached).warm()
    events = await answer(cached)
    assert provider.n_calls == 2
    assert "libre" in text_of(events)


async def test_an_answer_from_an_index_that_lags_is_not_kept(cached: CachedEngine, provider: ProviderServer) -> None:
    await run_db(publish, replace(article("312", "Le capital social est divisé en parts sociales."), version_id=SPACE))
    # published, and not yet in the full text of this process
    await answer(cached)
    await _engine_of(cached).warm()
    events = await answer(cached)
    assert cast("Finished", events[-1]).answered_at is None
    assert provider.n_calls == 2
    assert cast("Finished", (await answer(cached))[-1]).answered_at is not None


async def test_a_withdrawn_text_is_never_answered_from_the_cache(cached: CachedEngine) -> None:
    await answer(cached)
    await run_db(indexer.version_withdraw, CAPITAL.version_id)
    events = await answer(cached)
    assert any(isinstance(event, Refused) for event in events)
    assert not any(isinstance(event, CitationAdded) for event in events)


async def test_another_model_prompt_lexicon_or_knob_misses(plain: Engine, provider: ProviderServer) -> None:
    before = plain.fingerprint
    plain._providers = (replace(model_of(provider), model="another"),)
    assert plain.fingerprint != before
    plain._providers = (model_of(provider),)
    assert plain.fingerprint == before
    plain.config = replace(plain.config, context_tokens=17)
    assert plain.fingerprint != before


async def test_many_who_ask_at_once_share_one_answer(cached: CachedEngine, provider: ProviderServer) -> None:
    answers = await asyncio.gather(*(answer(cached) for _ in range(200)))
    assert provider.n_calls == 1
    assert {text_of(events) for events in answers} == {text_of(answers[0])}
    assert all(isinstance(events[-1], Finished) for events in answers)


async def test_one_who_leaves_does_not_end_it_for_the_others_and_the_last_one_does(
    cached: CachedEngine, provider: ProviderServer
) -> None:
    provider.delay_s = 0.05
    leaving = asyncio.create_task(answer(cached))
    staying = asyncio.create_task(answer(cached))
    await until(lambda: provider.n_open == 1)
    leaving.cancel()
    assert text_of(await staying)
    assert provider.n_calls == 1
    alone = asyncio.create_task(answer(cached, "Que dit l'article 311 de l'AUSCGIE ?"))
    await until(lambda: provider.n_open == 1)
    alone.cancel()
    await until(lambda: provider.n_open == 0)


async def test_without_valkey_every_answer_is_computed_and_says_so(plain: Engine, provider: ProviderServer) -> None:
    engine = behind_cache(plain, AnswerStore(cache_url=NOWHERE, state_url=NOWHERE))
    for _ in range(2):
        events = await answer(engine)
        assert cast("Finished", events[-1]).degraded[-1] == "cache_unavailable"
        assert text_of(events)
    assert provider.n_calls == 2


async def test_without_the_revisions_of_its_namespaces_an_answer_is_computed(
    cached: CachedEngine, provider: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "_REVISIONS", "SELECT namespace, revision FROM nowhere")
    assert text_of(await answer(cached)) == text_of(await answer(cached)) != ""
    assert provider.n_calls == 2


async def test_revisions_that_come_with_the_question_are_not_read_again(
    cached: CachedEngine, provider: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = await run_db(indexer.revisions_of, question().scope.namespaces)
    first = await answer(cached)
    monkeypatch.setattr(indexer, "_REVISIONS", "SELECT namespace, revision FROM nowhere")
    assert text_of(await answer(cached, replace(question(), revisions=revisions))) == text_of(first)
    assert provider.n_calls == 1
    older = tuple((namespace, revision - 1) for namespace, revision in revisions)
    await answer(cached, replace(question(), revisions=older))
    assert provider.n_calls == 2


async def test_an_answer_that_lacks_something_is_not_kept(cached: CachedEngine, provider: ProviderServer) -> None:
    provider.mode = "refuses"
    events = await answer(cached)
    assert "model_unavailable" in cast("Finished", events[-1]).degraded
    provider.mode = "good"
    assert cast("Finished", (await answer(cached))[-1]).mode == "model"


async def test_one_who_asked_before_it_was_finished_is_given_an_answer_that_lacks_something(
    plain: Engine, cached: CachedEngine, provider: ProviderServer
) -> None:
    may_lead = asyncio.Event()

    class Late(AnswerStore):
        """A store whose process gets its turn only when another has finished."""

        async def lease(self, key: str, *, lease_s: float) -> str | None:
            await may_lead.wait()
            return await super().lease(key, lease_s=lease_s)

    provider.mode = "refuses"
    late = Late(cache_url=settings.REDIS_CACHE_URL, state_url=settings.REDIS_STATE_URL)
    waiting = asyncio.create_task(answer(behind_cache(plain, late)))
    await asyncio.sleep(0.05)
    await answer(cached)
    n_calls = provider.n_calls
    may_lead.set()
    end = cast("Finished", (await waiting)[-1])
    assert end.answered_at is not None
    assert provider.n_calls == n_calls


async def test_an_answer_near_its_expiry_is_refreshed_by_one_and_given_to_all(
    plain: Engine, provider: ProviderServer
) -> None:
    config = replace(plain.config, early_expiry=1e9)
    engine = CachedEngine(plain, store=store(), fingerprint=lambda: "same", config=config)
    await answer(engine)
    await answer(engine)
    assert provider.n_calls == 2  # every reader finds it due
    held = await store().lease(await _key(engine), lease_s=5)
    assert held is not None
    events = await answer(engine)
    # somebody else refreshes it: nobody waits
    assert provider.n_calls == 2
    assert cast("Finished", events[-1]).answered_at is not None


async def test_what_stands_in_the_cache_and_is_no_answer_is_a_miss(
    cached: CachedEngine, provider: ProviderServer
) -> None:
    await answer(cached)
    key = await _key(cached)
    client = Redis.from_url(settings.REDIS_CACHE_URL)
    payload = json.loads(cast("bytes", await client.get(key)))
    for spoilt in (b"", b"\x80\x04N.", b"{}", json.dumps({**payload, "format": 1}).encode()):
        await client.set(key, spoilt)
        events = await answer(cached)
        assert cast("Finished", events[-1]).answered_at is None
    await client.aclose()
    assert provider.n_calls == 5


async def test_a_search_that_overrides_something_is_not_cached(cached: CachedEngine, provider: ProviderServer) -> None:
    for _ in range(2):
        assert await answer(cached, replace(question(), overrides=Overrides(n_passages=3)))
    assert provider.n_calls == 2


async def test_an_answer_is_the_same_after_the_cache(cached: CachedEngine) -> None:
    events = await answer(cached)
    kept = Kept(tuple(events), clock.now(), 1.5, clock.now() + timedelta(hours=1))
    read = decode(encode(kept))
    assert read is not None
    assert read.events == kept.events
    assert (read.cost_s, read.expires_at) == (kept.cost_s, kept.expires_at)


def _engine_of(cached: CachedEngine) -> Engine:
    return cast("Engine", cached.inner)


async def _key(engine: CachedEngine) -> str:
    key = await engine._key(question())
    assert key is not None
    return key
