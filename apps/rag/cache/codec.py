"""Answers as bytes and back. JSON, not pickle: whoever can write to the cache must not run code here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, get_args

import pydantic_core
from pydantic import TypeAdapter, ValidationError

from apps.rag.types import AnswerEvent, Finished, Retrieved

# Raised whenever a kind of event changes its fields: what another release wrote is no answer.
_FORMAT = 2
# Marks of what is so by choice, and will be so for the next asker.
_LASTING = frozenset({"lexical_only"})


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given: its events, when, how many seconds it took, and until when it is fresh."""

    events: tuple[AnswerEvent, ...]
    answered_at: datetime
    cost_s: float
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Envelope:
    format: int
    answered_at: datetime
    cost_s: float
    expires_at: datetime
    events: list[tuple[str, dict[str, Any]]]


def encode(kept: Kept) -> bytes:
    """Return an answer as JSON, without the legs' rankings, which only a search explains."""
    kinds: list[tuple[type, AnswerEvent]] = [(type(event), event) for event in kept.events]
    events = [(kind.__name__, _adapter(kind).dump_python(event, mode="json")) for kind, event in kinds]
    return _envelopes().dump_json(_Envelope(_FORMAT, kept.answered_at, kept.cost_s, kept.expires_at, events))


def decode(payload: bytes) -> Kept | None:
    """Read an answer back; None for what is damaged or of another release."""
    try:
        envelope = _envelopes().validate_json(payload)
        if envelope.format != _FORMAT:
            return None
        events = tuple(_adapter(_KINDS[kind]).validate_python(fields, strict=False) for kind, fields in envelope.events)
    except (ValidationError, pydantic_core.PydanticSerializationError, KeyError):
        return None
    return Kept(events, envelope.answered_at, envelope.cost_s, envelope.expires_at)


def lean(event: AnswerEvent) -> AnswerEvent:
    """Return an event without what only explains a search."""
    if isinstance(event, Retrieved):
        return Retrieved(replace(event.result, rankings=()))
    return event


def lacks_nothing(end: Finished) -> bool:
    """Tell whether an answer is all that this installation can give: what passes must not be repeated."""
    return set(end.degraded) <= _LASTING


def repeated(kept: Kept, marks: Sequence[str] = ()) -> tuple[AnswerEvent, ...]:
    """Return the events of an answer that is given again: the last one says when it was first given."""
    return tuple(
        replace(event, answered_at=kept.answered_at, degraded=(*event.degraded, *marks))
        if isinstance(event, Finished)
        else event
        for event in kept.events
    )


_KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(AnswerEvent)}


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _envelopes() -> TypeAdapter[_Envelope]:
    return TypeAdapter(_Envelope)
