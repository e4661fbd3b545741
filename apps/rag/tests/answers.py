"""Answers for tests: what a reader ends up with, from models that are real servers or say one thing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from apps.rag.config import RagConfig
from apps.rag.generation.answer import generate
from apps.rag.generation.llm import OpenAIChatModel, Timeouts
from apps.rag.ports import ChatDelta, ChatModel, ChatTurn
from apps.rag.tests.passages import ART_311, ART_346, found, passage, question
from apps.rag.tests.providers import ProviderServer
from apps.rag.types import (
    AnswerEvent,
    Citation,
    CitationAdded,
    Finished,
    Question,
    Restarted,
    SearchResult,
    TextDelta,
)

ASKED = question("Quel est le capital minimum d'une SARL ?")
RESULT = found(passage("AUSCGIE art. 311", ART_311), passage("AUSCGIE art. 346", ART_346))


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
    timeouts = Timeouts(connect_s=1, first_token_s=0.5, gap_s=0.5, total_s=3)
    # a name of its own for each server: breakers live in Valkey, across tests
    return OpenAIChatModel(
        provider=f"{name} of {server.run}", model=f"{name}-model", base_url=server.url, api_key="k", timeouts=timeouts
    )


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
