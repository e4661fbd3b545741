"""A search result in, the events of an answer out, with providers that answer well, badly or not at all."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from apps.rag.config import RagConfig
from apps.rag.generation.answer import generate
from apps.rag.generation.errors import ProviderTimeout
from apps.rag.generation.llm import OpenAIChatModel, Timeouts, close_clients
from apps.rag.generation.prompt import NO_TEXT
from apps.rag.ports import ChatDelta, ChatModel, ChatTurn
from apps.rag.tests.passages import (
    ACCOUNT_401,
    ART_311,
    ART_346,
    account,
    account_number,
    article,
    found,
    passage,
    question,
)
from apps.rag.tests.providers import Mode, ProviderServer, serve
from apps.rag.types import (
    AnswerEvent,
    Citation,
    CitationAdded,
    Finished,
    Grounded,
    Question,
    Refused,
    Restarted,
    SearchResult,
    TextDelta,
    Usage,
)
from kauri.lib.breaker import close_connections

ASKED = question("Quel est le capital minimum d'une SARL ?")
RESULT = found(passage("AUSCGIE art. 311", ART_311), passage("AUSCGIE art. 346", ART_346))


@pytest.fixture(autouse=True)
async def _closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()
    await close_connections()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader ends up with."""

    events: tuple[AnswerEvent, ...]
    text: str
    citations: tuple[Citation, ...]

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last

    def count(self, kind: type[object]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


async def answer(asked: Question, result: SearchResult, *models: ChatModel) -> Answer:
    events = [event async for event in generate(asked, result, providers=models, config=RagConfig())]
    since = max((i for i, event in enumerate(events) if isinstance(event, Restarted)), default=-1) + 1
    text = "".join(event.text for event in events[since:] if isinstance(event, TextDelta))
    citations = tuple(event.citation for event in events[since:] if isinstance(event, CitationAdded))
    made = Answer(tuple(events), text, citations)
    assert sum(isinstance(event, Finished) for event in events) == 1
    for citation in citations:
        assert text[citation.start_index : citation.end_index] == f"[{citation.marker}]"
        source = citation.passage
        inner = slice(citation.quote_span.start - source.span.start, citation.quote_span.end - source.span.start)
        assert source.text[inner] == citation.quote
    return made


def model(server: ProviderServer, name: str = "first") -> OpenAIChatModel:
    timeouts = Timeouts(connect_s=1, first_token_s=0.5, next_token_s=0.5, total_s=3)
    # a name of its own for each server: breakers live in Valkey, across tests
    return OpenAIChatModel(
        provider=f"{name} of {server.run}", model=f"{name}-model", base_url=server.url, api_key="k", timeouts=timeouts
    )


@pytest.fixture
def good() -> Iterator[ProviderServer]:
    with serve("good") as server:
        yield server


async def test_without_a_provider_it_quotes_and_is_not_degraded() -> None:
    made = await answer(ASKED, RESULT)
    assert made.finished == Finished("extractive", "", "", Usage(), ())
    assert made.text.startswith("Selon l'AUSCGIE, art. 311\u00a0: «\u00a0Sauf dispositions nationales contraires")
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


@pytest.mark.parametrize("mode", ["fails", "limited", "silent", "refuses", "garbled", "cuts"])
async def test_a_provider_that_fails_before_any_text_hands_over_silently(mode: Mode, good: ProviderServer) -> None:
    with serve(mode) as server:
        made = await answer(ASKED, RESULT, model(server), model(good, "second"))
    assert made.finished.model == "second-model"
    assert made.count(Restarted) == 0


@pytest.mark.parametrize(
    ("mode", "n_calls"), [("fails", 2), ("limited", 2), ("silent", 1), ("refuses", 1), ("unpaid", 1)]
)
async def test_only_what_may_pass_is_tried_once_more(mode: Mode, n_calls: int) -> None:
    with serve(mode) as server:
        made = await answer(ASKED, RESULT, model(server))
    assert server.n_calls == n_calls
    assert made.finished == Finished("extractive", "", "", Usage(), ("model_unavailable",))
    assert "Sauf dispositions" in made.text


@dataclass(frozen=True, slots=True)
class Breaking:
    """Sends whole sentences, then fails: what no server can time exactly."""

    provider: str = field(default_factory=lambda: uuid.uuid4().hex)
    model: str = "m"

    async def stream(self, messages: Sequence[ChatTurn]) -> AsyncIterator[ChatDelta]:
        """Yield two sentences and break off."""
        yield ChatDelta("Le capital social est d'un million [1]. Il est divisé en parts sociales [1]. Et de plus")
        raise ProviderTimeout


async def test_a_change_of_provider_after_text_restarts_the_answer(good: ProviderServer) -> None:
    made = await answer(ASKED, RESULT, Breaking(), model(good, "second"))
    assert made.count(Restarted) == 1
    assert made.finished.model == "second-model"
    assert made.text.startswith("Le texte dispose")
    assert "million [1]" not in made.text


async def test_extracts_after_text_restart_the_answer_too() -> None:
    made = await answer(ASKED, RESULT, Breaking())
    assert made.count(Restarted) == 1
    assert made.text.startswith("Selon l'AUSCGIE")
    assert made.finished.degraded == ("model_unavailable",)


async def test_a_cut_answer_loses_its_unfinished_sentence_only() -> None:
    with serve("truncates") as server:
        made = await answer(ASKED, RESULT, model(server))
    assert made.finished.mode == "model"
    assert "Et puis" not in made.text
    assert Grounded(1, 1, 0) in made.events


async def test_after_five_failures_a_provider_is_left_alone() -> None:
    with serve("refuses") as server:
        for _ in range(7):
            made = await answer(ASKED, RESULT, model(server))
    assert server.n_calls == 5
    assert made.finished.degraded == ("model_unavailable",)


@dataclass(frozen=True, slots=True)
class Saying:
    """Says one thing."""

    text: str
    provider: str = "saying"
    model: str = "m"

    async def stream(self, messages: Sequence[ChatTurn]) -> AsyncIterator[ChatDelta]:
        """Yield the text character by character."""
        for char in self.text:
            yield ChatDelta(char)


async def test_a_model_that_finds_no_answer_refuses() -> None:
    made = await answer(ASKED, RESULT, Saying(f" {NO_TEXT}\n"))
    assert made.finished.mode == "refusal"
    assert made.finished.provider == "saying"
    assert made.text == ""
    refused = next(event for event in made.events if isinstance(event, Refused))
    assert refused.text.startswith("Je n’ai pas de texte pour répondre.")
    assert "AUSCGIE, art. 311" in refused.text


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
    assert made.text.startswith("According to AUSCGIE, art. 311: «")


async def test_an_account_is_named_with_its_place() -> None:
    made = await answer(question("compte 401"), found(account("401", ACCOUNT_401), references=(account_number("401"),)))
    text = made.text.replace("\u00a0", " ")
    assert text.startswith("Le compte 401 s’intitule « FOURNISSEURS, DETTES EN COMPTE » [1].")
    assert "compte 40, « FOURNISSEURS ET COMPTES RATTACHES » [1], dans la classe 4 (comptes de tiers)." in text
    assert "- 4011 : « Fournisseurs »" in text
    assert Grounded(5, 0, 0) in made.events


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
