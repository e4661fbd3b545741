"""A search result in, the events of an answer out, with models that answer well or make things up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date

import pytest

from apps.rag.config import RagConfig
from apps.rag.generation.answer import generate
from apps.rag.generation.llm import close_clients
from apps.rag.generation.prompt import NO_TEXT
from apps.rag.tests.answers import ASKED, RESULT, Saying, answer, model
from apps.rag.tests.passages import ACCOUNT_401, ART_311, account, account_number, article, found, passage, question
from apps.rag.tests.providers import ProviderServer, serve
from apps.rag.types import Finished, Grounded, Refused, Usage
from kauri.lib import clock
from kauri.lib.breaker import close_connections


@pytest.fixture(autouse=True)
async def _closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()
    await close_connections()


@pytest.fixture
def good() -> Iterator[ProviderServer]:
    with serve("good") as server:
        yield server


async def test_without_a_provider_it_quotes_and_is_not_degraded() -> None:
    made = await answer(ASKED, RESULT)
    assert made.finished == Finished("extractive", "", "", Usage(), ())
    assert made.text.startswith("Selon l’AUSCGIE, art. 311\u00a0: «\u00a0Sauf dispositions nationales contraires")
    assert "\u00a0»\u00a0[1]" in made.text
    assert made.citations[0].passage.locator == "AUSCGIE art. 311"
    assert made.citations[0].quote == ART_311


async def test_a_good_model_is_streamed_and_cited(good: ProviderServer) -> None:
    made = await answer(ASKED, RESULT, model(good))
    assert made.finished == Finished("model", f"first of {good.run}", "first-model", Usage(11, 7), ())
    assert made.text.startswith("Le texte dispose : « Sauf dispositions nationales contraires")
    assert [citation.marker for citation in made.citations] == [1]
    assert Grounded(1, 0, 0) in made.events


async def test_what_a_lying_model_makes_up_never_leaves() -> None:
    with serve("lying") as server:
        made = await answer(ASKED, RESULT, model(server))
    assert made.finished.mode == "model"
    assert "Sauf dispositions" in made.text
    for lie in ("123", "poules", "99", "17", "prime"):
        assert lie not in made.text
    assert Grounded(1, 4, 0) in made.events


async def test_markup_that_could_act_on_the_reader_never_leaves() -> None:
    with serve("evil") as server:
        made = await answer(ASKED, RESULT, model(server))
    assert "Sauf dispositions" in made.text
    assert not re.search(r"http|script|javascript|!\[|\]\(|hunter2|instructions", made.text)


async def test_an_answer_of_which_nothing_stands_gives_way_to_extracts(good: ProviderServer) -> None:
    with serve("nothing") as server:
        made = await answer(ASKED, RESULT, model(server), model(good, "second"))
    assert made.finished.mode == "extractive"
    assert made.finished.degraded == ()
    assert good.n_calls == 0


async def test_a_cut_answer_loses_its_unfinished_sentence_only() -> None:
    with serve("truncates") as server:
        made = await answer(ASKED, RESULT, model(server))
    assert made.finished.mode == "model"
    assert "Et puis" not in made.text
    assert Grounded(1, 1, 0) in made.events


async def test_a_model_that_finds_no_answer_refuses() -> None:
    made = await answer(ASKED, RESULT, Saying(f" {NO_TEXT}\n"))
    assert made.finished.mode == "refusal"
    assert made.finished.provider == "saying"
    assert made.text == ""
    refused = next(event for event in made.events if isinstance(event, Refused))
    assert refused.text.startswith("Je n’ai pas de texte pour répondre.")
    assert refused.nearest[0].passage.locator == "AUSCGIE art. 311"


async def test_a_calculation_is_computed_again_and_marked() -> None:
    asked = question("Réserve légale pour un bénéfice de 8 500 000 F ?")
    text = (
        "La dotation est d'un dixième au moins [2].\n\n"
        "- Dotation : 8 500 000 × 10 % = 850 000 F [2].\n- Ou 8 500 000 × 10 % = 950 000 F [2]."
    )
    made = await answer(asked, RESULT, Saying(text))
    assert "= 850 000 F\u00a0[1]\u00a0(calcul vérifié)." in made.text
    assert "950 000" not in made.text
    assert Grounded(2, 1, 1) in made.events
    assert made.citations[0].passage.locator == "AUSCGIE art. 346"


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("out_of_scope", "sort du droit comptable"),
        ("no_evidence", "Je n’ai pas de texte pour répondre."),
        ("reference_not_found", "AUSCGIE, art. 999"),
        ("empty_scope", "Aucun texte n’est publié"),
    ],
)
async def test_refusals_say_why_and_ask_no_provider(reason: str, says: str, good: ProviderServer) -> None:
    result = found(passage("AUSCGIE art. 311", ART_311), reason=reason, references=(article("AUSCGIE", "999"),))
    made = await answer(ASKED, result, model(good))
    refused = next(event for event in made.events if isinstance(event, Refused))
    assert says in refused.text
    assert refused.reason == reason
    assert bool(refused.nearest) is (reason != "out_of_scope")
    assert made.finished.mode == "refusal"
    assert good.n_calls == 0


@pytest.mark.parametrize(("evidence", "n_nearest"), [(0.001, 0), (0.2, 1)])
async def test_what_was_found_by_chance_is_not_called_near(
    evidence: float, n_nearest: int, good: ProviderServer
) -> None:
    result = replace(found(passage("AUSCGIE art. 311", ART_311), reason="no_evidence"), evidence=evidence)
    made = await answer(question("asdfgh qwerty"), result, model(good))
    assert len(next(event for event in made.events if isinstance(event, Refused)).nearest) == n_nearest


@pytest.mark.parametrize(
    ("text", "says"),
    [("Bonjour", "Posez-moi"), ("merci beaucoup", "Je vous en prie"), ("qui es-tu ?", "Je suis Kauri")],
)
async def test_small_talk_is_answered_without_citation(text: str, says: str) -> None:
    made = await answer(question(text), found(intent="general_conversation"))
    assert says in made.text
    assert made.finished.mode == "conversation"
    assert made.citations == ()


async def test_the_framing_follows_the_language_of_the_question() -> None:
    made = await answer(question("Minimum capital of a SARL?", language="en"), RESULT)
    assert made.text.startswith("According to AUSCGIE, art. 311: “Sauf")
    assert "francs CFA.”\u00a0[1]" in made.text
    assert not set("«»") & set(made.text)


async def test_an_account_is_named_with_its_place() -> None:
    made = await answer(question("compte 401"), found(account("401", ACCOUNT_401), references=(account_number("401"),)))
    text = made.text.replace("\u00a0", " ")
    assert text.startswith("Le compte 401 s’intitule « FOURNISSEURS, DETTES EN COMPTE » [1].")
    assert "compte 40, « FOURNISSEURS ET COMPTES RATTACHES » [1], dans la classe 4 (comptes de tiers)." in text
    assert "- 4011 : « Fournisseurs »" in text
    assert Grounded(5, 0, 0) in made.events


async def test_a_model_is_told_the_day_whose_law_was_searched(good: ProviderServer) -> None:
    result = replace(RESULT, understanding=replace(RESULT.understanding, as_of_hint=date(2025, 12, 31)))
    asked = replace(ASKED, scope=replace(ASKED.scope, as_of=clock.today()))
    await answer(asked, result, model(good))
    assert "31/12/2025" in good.prompts[0][0]["content"]


async def test_leaving_the_iterator_hangs_up_on_the_provider() -> None:
    with serve("good", delay_s=0.02) as server:
        events = generate(ASKED, RESULT, providers=[model(server)], config=RagConfig())
        async for _ in events:
            break
        await events.aclose()
        for _ in range(100):
            if not server.n_open:
                break
            await asyncio.sleep(0.02)
        assert server.n_open == 0
