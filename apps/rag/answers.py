"""An answer as one value: what its events come to when nobody wants to read along."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, get_args

from apps.rag.types import (
    AnswerEvent,
    AnswerMode,
    Citation,
    CitationAdded,
    Finished,
    Grounded,
    RankedPassage,
    Refused,
    Restarted,
    Retrieved,
    Searching,
    SearchResult,
    TextDelta,
    Understanding,
    Usage,
)

# As protocols write them: TextDelta is text_delta.
EVENT_NAMES: Final[Mapping[type, str]] = {
    kind: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower() for kind in get_args(AnswerEvent)
}


def unexplained(result: SearchResult) -> SearchResult:
    """Return a search's result without what only explains it: rankings, scores by leg, timings, what was dropped."""
    passages = tuple(replace(ranked, leg_scores=()) for ranked in result.passages)
    return replace(result, passages=passages, rankings=(), timings_ms=(), dropped=0)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `text` is "" where it is a refusal, whose sentence is then `refusal`.

    `answered_at` is when an answer that is given again was first given.
    """

    text: str
    citations: tuple[Citation, ...]
    refusal: str
    refusal_reason: str
    nearest: tuple[RankedPassage, ...]
    understanding: Understanding
    grounding: Grounded
    mode: AnswerMode
    provider: str
    model: str
    usage: Usage
    degraded: tuple[str, ...]
    index_revision: int
    answered_at: datetime | None


@dataclass(slots=True)
class _Draft:
    understanding: Understanding = field(default_factory=lambda: Understanding("", (), "", ()))
    index_revision: int = 0
    parts: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    refused: Refused = field(default_factory=lambda: Refused("", "", ()))
    grounding: Grounded = field(default_factory=lambda: Grounded(0, 0, 0))

    def take(self, event: AnswerEvent) -> None:
        match event:
            case Searching(understanding):
                self.understanding = understanding
            case Retrieved(result):
                self.understanding, self.index_revision = result.understanding, result.index_revision
            case TextDelta(text):
                self.parts.append(text)
            case CitationAdded(citation):
                self.citations.append(citation)
            case Restarted():
                self.parts.clear()
                self.citations.clear()
            case Refused():
                self.refused = event
            case Grounded():
                self.grounding = event


async def collected(events: AsyncIterator[AnswerEvent]) -> Answer:
    """Return the answer that events come to. Raises what they raise, and ValueError where they have no end."""
    draft = _Draft()
    async for event in events:
        draft.take(event)
        if isinstance(event, Finished):
            return _whole(draft, event)
    raise ValueError("an answer without an end")


def _whole(draft: _Draft, end: Finished) -> Answer:
    return Answer(
        text="".join(draft.parts),
        citations=tuple(draft.citations),
        refusal=draft.refused.text,
        refusal_reason=draft.refused.reason,
        nearest=draft.refused.nearest,
        understanding=draft.understanding,
        grounding=draft.grounding,
        mode=end.mode,
        provider=end.provider,
        model=end.model,
        usage=end.usage,
        degraded=end.degraded,
        index_revision=draft.index_revision,
        answered_at=end.answered_at,
    )
