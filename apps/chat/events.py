"""The engine's events as the wire's, and what of them is kept with the answer."""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, assert_never

from apps.chat.types import Problem, TurnWork
from apps.knowledge.selectors import citation_url
from apps.rag.types import (
    AnswerEvent,
    Citation,
    CitationAdded,
    Finished,
    Grounded,
    InForce,
    ModelsFailed,
    Passage,
    RankedPassage,
    Refused,
    Restarted,
    Retrieved,
    Searching,
    TextDelta,
    display_locator,
)
from kauri.lib.sse import one_line
from kauri.lib.turnlog import Entry

MAX_FOUND = 12
EXCERPT_CHARS = 240
# Where Valkey lost the log of a turn whose process died, its end gets a number that no client can have passed.
LOST_LOG_SEQ = 1_000_000

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

Fields = dict[str, Any]


class Transcript:
    """Counts and words the events of one turn, and keeps what will be saved.

    `text` is the concatenation of all deltas since the last restart, or the refusal; `as_of` the day whose law was
    searched, which the question may ask for in words.
    """

    def __init__(self, work: TurnWork) -> None:
        self.work = work
        self.as_of = work.filters.as_of
        self.entries: list[Entry] = []
        self.annotations: list[Fields] = []
        self.timings_ms: dict[str, float] = {}
        self.finished: Finished | None = None
        self.refusal_reason = ""
        self._found: Sequence[RankedPassage] = ()
        self._parts: list[str] = []
        self._started = time.monotonic()

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._parts)

    @property
    def found(self) -> list[Fields]:
        """What was retrieved, as it is saved: made when it is asked for, since no event but a refusal tells it."""
        return [_found(ranked) for ranked in self._found]

    def open(self) -> None:
        """Begin: the first event of every turn."""
        self._add("response.created", response=self._response("in_progress"))

    def feed(self, event: AnswerEvent) -> None:
        """Append what one event of the engine means on the wire."""
        match event:
            case Searching(understanding):
                self._add("kauri.retrieval.searching", labels=list(understanding.labels), intent=understanding.intent)
            case Retrieved():
                self._retrieved(event)
            case TextDelta(text):
                self._delta(text)
            case CitationAdded(citation):
                self._cited(citation)
            case Restarted():
                self._restart()
            case Refused():
                self._refused(event)
            case Grounded():
                self._grounded(event)
            case ModelsFailed():
                pass  # the mark comes with the end
            case Finished():
                self.finished = event
            case _:
                assert_never(event)

    def complete(self) -> None:
        """End well."""
        self._clock("total")
        done = self.finished
        extra: Fields = {}
        if done is not None:
            usage = {"input_tokens": done.usage.prompt_tokens, "output_tokens": done.usage.completion_tokens}
            extra = {
                "mode": done.mode,
                "provider": done.provider,
                "model": done.model,
                "degraded": list(done.degraded),
                "answered_at": done.answered_at.isoformat() if done.answered_at else None,
                "usage": usage,
            }
        self._add("response.completed", response=self._response("completed", **extra))

    def break_off(self, reason: Literal["cancelled", "interrupted"]) -> None:
        """End early, with what was released so far."""
        self._clock("total")
        response = self._response("incomplete", incomplete_details={"reason": reason})
        self._add("response.incomplete", reason=reason, response=response)

    def fail(self, problem: Problem) -> None:
        """End with an error; the question is kept."""
        self._clock("total")
        error = {
            "code": problem.code,
            "message": problem.message,
            "retryable": problem.retryable,
            "retry_after_s": problem.retry_after_s,
        }
        self._add("response.failed", **error, response=self._response("failed", error=error))

    def resume(self, entries: Iterable[Entry]) -> None:
        """Take over what another process had released before it died."""
        self.entries = list(entries)
        for entry in self.entries:
            fields: Fields = _parsed(entry)
            match entry.event:
                case "response.output_text.delta":
                    self._parts.append(fields["delta"])
                case "response.output_text.annotation.added":
                    self.annotations.append(fields["annotation"])
                case "kauri.answer.restarted":
                    self._clear()
                case "kauri.retrieval.completed":
                    self.as_of = date.fromisoformat(fields["as_of"])
        if not self.entries:
            # Readers may hold a part of the text that no log has any more: they must drop it.
            self._add("kauri.answer.restarted", **{"from": 0})

    def _retrieved(self, event: Retrieved) -> None:
        result = event.result
        self.as_of = result.understanding.as_of_hint or self.work.filters.as_of
        self.timings_ms.update({f"retrieval_{name}": round(ms, 2) for name, ms in result.timings_ms})
        self._found = result.passages[:MAX_FOUND]
        self._clock("retrieved")
        self._add(
            "kauri.retrieval.completed",
            n=len(result.passages),
            as_of=self.as_of.isoformat(),
            index_revision=result.index_revision,
            degraded=list(result.degraded),
        )

    def _grounded(self, event: Grounded) -> None:
        if self.refusal_reason:
            return  # a refusal has no sentences to check
        counts = {"n_sentences": event.n_sentences, "n_dropped": event.n_dropped, "n_computed": event.n_computed}
        self._add("kauri.grounding.completed", **counts)

    def _delta(self, text: str) -> None:
        if not text:
            return
        if not self._parts:
            self._clock("first_text")
        clean = storable(text)
        self._parts.append(clean)
        self._add("response.output_text.delta", **self._place(), delta=clean)

    def _cited(self, citation: Citation) -> None:
        annotation = _annotation(citation)
        self.annotations.append(annotation)
        index = len(self.annotations) - 1
        self._add(
            "response.output_text.annotation.added", **self._place(), annotation_index=index, annotation=annotation
        )

    def _restart(self) -> None:
        self._clear()
        self._add("kauri.answer.restarted", **{"from": 0})

    def _refused(self, event: Refused) -> None:
        if self._parts:
            self._restart()
        self._parts.append(storable(event.text))
        self.refusal_reason = event.reason
        self._found = event.nearest[:MAX_FOUND]
        self._add("response.refusal.done", **self._place(), refusal=self.text, reason=event.reason, nearest=self.found)

    def _clear(self) -> None:
        self._parts.clear()
        self.annotations.clear()

    def _clock(self, stage: str) -> None:
        self.timings_ms[stage] = round((time.monotonic() - self._started) * 1000, 1)

    def _place(self) -> Fields:
        return {"item_id": str(self.work.message_id), "output_index": 0, "content_index": 0}

    def _response(self, status: str, **extra: Any) -> Fields:
        work = self.work
        return {
            "id": str(work.turn_id),
            "object": "response",
            "status": status,
            "conversation_id": str(work.conversation_id),
            "message_id": str(work.message_id),
            "as_of": self.as_of.isoformat(),
            **extra,
        }

    def _add(self, event: str, **fields: Any) -> None:
        seq = self.entries[-1].seq + 1 if self.entries else self._first_seq()
        self.entries.append(Entry(seq, event, one_line({"type": event, "sequence_number": seq, **fields})))

    def _first_seq(self) -> int:
        return 1 if self.work.is_first_hand else LOST_LOG_SEQ


def storable(text: str) -> str:
    """Replace, one for one, what neither PostgreSQL nor UTF-8 can carry: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def _parsed(entry: Entry) -> Fields:
    fields: Fields = json.loads(entry.text)
    return fields


def _annotation(citation: Citation) -> Fields:
    passage, quoted = citation.passage, citation.quote_span
    return {
        "type": "kauri_citation",
        "index": citation.marker,
        "start_index": citation.start_index,
        "end_index": citation.end_index,
        **_source(passage),
        "quote": citation.quote,
        "quote_start": quoted.start,
        "quote_end": quoted.end,
        "url": citation_url(passage.version_id, quoted.start, quoted.end),
    }


def _found(ranked: RankedPassage) -> Fields:
    passage = ranked.passage
    url = citation_url(passage.version_id, passage.span.start, passage.span.end)
    return {"rank": ranked.rank, **_source(passage), "excerpt": excerpt_of(passage.text), "url": url}


def excerpt_of(text: str) -> str:
    """Return the beginning of a passage on one line, cut at a word."""
    line = " ".join(storable(text).split())
    return line if len(line) <= EXCERPT_CHARS else line[:EXCERPT_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _source(passage: Passage) -> Fields:
    return {
        "document_id": str(passage.document_id),
        "version_id": str(passage.version_id),
        "passage_id": str(passage.passage_id),
        "document_title": passage.document_title,
        "country": passage.country,
        "kind": passage.kind,
        "locator": display_locator(passage.locator, passage.code),
        "in_force": _period(passage.in_force),
        "page": passage.page,
    }


def _period(in_force: InForce) -> Mapping[str, str | None]:
    def day(value: date | None) -> str | None:
        return value.isoformat() if value else None

    return {"from": day(in_force.start), "to": day(in_force.end)}
