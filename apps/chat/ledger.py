"""The turns' ledger: who runs what until when. Every write compares the fence."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, F, Func, Model, Q
from django.db.models.functions import Now

from apps.accounts.selectors import principal_get
from apps.chat.errors import LeaseLost, TurnRunning
from apps.chat.events import Transcript
from apps.chat.models import ONE_LIVE, Citation, Conversation, Message, Turn
from apps.chat.selectors import filters_of, questions_up_to, saved_entries
from apps.chat.types import HISTORY_QUESTIONS, TurnSigns, TurnWork
from apps.knowledge.selectors import scope_for
from apps.rag.types import Question
from kauri.lib import clock
from kauri.lib.db import constraint_of, insert_all
from kauri.lib.outbox import publish
from kauri.lib.turnlog import Entry

LEASE_S = 15
UNCLAIMED_AFTER = timedelta(seconds=2)


class LeaseEnd(Func):
    """When a lease that is taken now runs out: what Django takes half a millisecond to make of a sum, in one piece."""

    template = f"(STATEMENT_TIMESTAMP() + INTERVAL '{LEASE_S} seconds')"
    output_field = DateTimeField()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended, and all that is saved of it."""

    state: Turn.State
    transcript: Transcript
    error: Mapping[str, Any]


def turn_new(answer: Message, *, owner: str, **fields: Any) -> Turn:
    """Return a turn that is yet to be saved, `owner`'s from the start; queued for whoever comes where that is ""."""
    turn = Turn(conversation=answer.conversation, message=answer, **fields)
    if owner:
        turn.state, turn.owner, turn.fence, turn.attempt = Turn.State.RUNNING, owner, 1, 1
        turn.lease_until = LeaseEnd()
    return turn


def turn_save(turn: Turn, *, before: Sequence[Model] = (), after: Sequence[Model] = ()) -> None:
    """Save a new turn and the new rows that go with it, in one statement. Raises TurnRunning."""
    try:
        insert_all([*before, turn, *after])
    except IntegrityError as error:
        # The database alone can tell, whatever two requests saw before.
        if constraint_of(error) != ONE_LIVE:
            raise
        raise TurnRunning from error


def turn_claim(turn_id: UUID, owner: str) -> TurnWork | None:
    """Take a queued turn for `owner`; None where another process was faster."""
    taken = Turn.objects.filter(pk=turn_id, state=Turn.State.QUEUED).update(
        state=Turn.State.RUNNING,
        owner=owner,
        lease_until=LeaseEnd(),
        fence=F("fence") + 1,
        attempt=F("attempt") + 1,
    )
    return _work(turn_id) if taken else None


def turn_take_over(turn_id: UUID, owner: str) -> TurnWork | None:
    """Take a running turn whose lease has run out; None where it has been renewed or taken meanwhile."""
    taken = Turn.objects.filter(pk=turn_id, state=Turn.State.RUNNING, lease_until__lt=Now()).update(
        owner=owner, lease_until=LeaseEnd(), fence=F("fence") + 1
    )
    return _work(turn_id, is_first_hand=False) if taken else None


def turns_lost() -> list[UUID]:
    """Return the running turns whose lease has run out."""
    lost = Turn.objects.filter(state=Turn.State.RUNNING, lease_until__lt=Now()).order_by("created_at")
    return list(lost.values_list("pk", flat=True))


def turns_unclaimed(limit: int) -> list[UUID]:
    """Return queued turns that the process which took the question has not begun, the oldest first."""
    waiting = Turn.objects.filter(state=Turn.State.QUEUED, created_at__lt=Now() - UNCLAIMED_AFTER)
    return list(waiting.order_by("created_at").values_list("pk", flat=True)[:limit])


def turns_signs(turn_ids: Collection[UUID]) -> dict[UUID, TurnSigns]:
    """Return fence and stop flag of these turns, as far as they still run."""
    rows = Turn.objects.filter(pk__in=turn_ids, state=Turn.State.RUNNING).values_list("pk", "fence", "stop_requested")
    return {turn_id: TurnSigns(fence, is_stopped) for turn_id, fence, is_stopped in rows}


def turns_renew(fences: Mapping[UUID, int]) -> None:
    """Prolong the leases of turns that are still held under these fences."""
    if not fences:
        return
    held = reduce(or_, (Q(pk=turn_id, fence=fence) for turn_id, fence in fences.items()))
    Turn.objects.filter(held, state=Turn.State.RUNNING).update(lease_until=LeaseEnd())


def turns_saved(turn_ids: Collection[UUID]) -> dict[UUID, Sequence[Entry]]:
    """Return the logs of those of these turns that have ended."""
    rows = Turn.objects.filter(pk__in=turn_ids).exclude(state__in=Turn.LIVE).values_list("pk", "log")
    return {turn_id: saved_entries(log) for turn_id, log in rows}


def turn_question(work: TurnWork) -> Question:
    """Return the engine's question, under what its owner may read now."""
    filters = work.filters
    scope = scope_for(
        principal_get(work.user_id),
        namespaces=filters.namespaces or None,
        as_of=filters.as_of,
        country=filters.country,
    )
    return Question(text=work.text, scope=scope, history=work.history, language=filters.language)


@transaction.atomic
def turn_finish(outcome: Outcome) -> None:
    """Save an ended turn: message, citations, log and event at once. Raises LeaseLost under an old fence."""
    transcript = outcome.transcript
    work = transcript.work
    now = clock.now()
    is_ours = Turn.objects.filter(pk=work.turn_id, fence=work.fence, state=Turn.State.RUNNING).update(
        state=outcome.state,
        log=[[entry.seq, entry.event, entry.text] for entry in transcript.entries],
        error=dict(outcome.error),
        lease_until=None,
        finished_at=now,
    )
    if not is_ours:
        raise LeaseLost(work.turn_id)
    _save_message(outcome)
    Citation.objects.bulk_create(
        [_citation(work.message_id, annotation) for annotation in _first_by_place(transcript.annotations)]
    )
    Conversation.objects.filter(pk=work.conversation_id).update(updated_at=now)
    publish(
        type="chatbot.query.completed",
        aggregate_id=work.conversation_id,
        payload={
            "response_id": str(work.turn_id),
            "message_id": str(work.message_id),
            "state": str(outcome.state),
            "n_citations": len(transcript.annotations),
            "total_ms": int(transcript.timings_ms.get("total", 0)),
        },
    )


def _save_message(outcome: Outcome) -> None:
    transcript = outcome.transcript
    done = transcript.finished
    fields: dict[str, Any] = {
        "status": str(outcome.state),
        "text": transcript.text,
        "as_of": transcript.as_of,
        "found": transcript.found,
        "timings_ms": transcript.timings_ms,
        "refusal_reason": transcript.refusal_reason,
    }
    if done is not None:
        usage = {"prompt_tokens": done.usage.prompt_tokens, "completion_tokens": done.usage.completion_tokens}
        fields |= {
            "mode": done.mode,
            "provider": done.provider,
            "model": done.model,
            "degraded": list(done.degraded),
            "answered_at": done.answered_at,
            "usage": usage,
        }
    Message.objects.filter(pk=transcript.work.message_id).update(**fields)


def _first_by_place(annotations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({annotation["start_index"]: annotation for annotation in reversed(annotations)}.values())[::-1]


def _citation(message_id: UUID, annotation: Mapping[str, Any]) -> Citation:
    in_force = annotation["in_force"]
    quote = annotation["quote"]
    return Citation(
        message_id=message_id,
        index=annotation["index"],
        start_index=annotation["start_index"],
        end_index=annotation["end_index"],
        document_id=annotation["document_id"],
        version_id=annotation["version_id"],
        passage_id=annotation["passage_id"],
        document_title=annotation["document_title"],
        # an entry of a log that was begun before there was one has none
        country=annotation.get("country") or "",
        kind=annotation["kind"],
        locator=annotation["locator"],
        page=annotation["page"],
        in_force_from=_day(in_force["from"]),
        in_force_to=_day(in_force["to"]),
        quote=quote,
        quote_sha256=hashlib.sha256(quote.encode()).hexdigest(),
        quote_start=annotation["quote_start"],
        quote_end=annotation["quote_end"],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _work(turn_id: UUID, *, is_first_hand: bool = True) -> TurnWork:
    turn = Turn.objects.select_related("conversation", "message__parent").get(pk=turn_id)
    question = turn.message.parent
    assert question is not None  # noqa: S101 - an answer always follows its question
    asked = questions_up_to(question.pk, turn.conversation_id, HISTORY_QUESTIONS + 1)
    return TurnWork(
        turn_id=turn.pk,
        fence=turn.fence,
        conversation_id=turn.conversation_id,
        message_id=turn.message_id,
        user_id=turn.conversation.user_id,
        text=question.text,
        history=asked[:-1],
        filters=filters_of(turn.message),
        is_first_hand=is_first_hand,
    )
