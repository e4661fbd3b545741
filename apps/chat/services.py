"""The verbs of conversations: ask, stop, run again."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.types import Principal
from apps.chat import turns
from apps.chat.errors import EmptyQuestion, QuestionTooLong, TurnEnded, TurnRunning
from apps.chat.events import storable
from apps.chat.models import Conversation, Message, Turn
from apps.chat.selectors import conversations_of, filters_of, owner_id, turn_get
from apps.chat.types import MAX_QUESTION_CHARS, Asked, Filters
from apps.knowledge.selectors import scope_for
from kauri.lib import clock
from kauri.lib.db import scoped
from kauri.lib.errors import NotAuthenticated, NotFound
from kauri.lib.idempotency import once
from kauri.lib.outbox import publish

TITLE_CHARS = 80


def question_ask(
    *,
    principal: Principal,
    text: str,
    conversation_id: UUID | None = None,
    namespaces: Sequence[str] | None = None,
    as_of: date | None = None,
    country: str | None = None,
    language: str = "fr",
    idempotency_key: str = "",
) -> Asked:
    """Take a question and begin its answer; both are saved before anything is computed.

    A new conversation is begun without `conversation_id`. Raises EmptyQuestion, QuestionTooLong, TurnRunning
    where an answer is being written in that conversation, NotFound, UnknownNamespace, KeyReused.
    """
    question = _question(text)
    user_id = _person(principal)
    request = {
        "text": question,
        "conversation_id": conversation_id,
        "namespaces": list(namespaces or ()),
        "as_of": as_of,
        "country": country,
    }

    def act() -> dict[str, str]:
        scope = scope_for(principal, namespaces=namespaces or None, as_of=as_of, country=country)
        filters = Filters(tuple(namespaces or ()), scope.country, scope.as_of, language)
        conversation = _conversation(principal, conversation_id, question)
        message = _message_add(conversation, conversation.active_leaf, Message.Role.USER, filters, text=question)
        asked = _turn_begin(conversation, message, filters)
        payload = {"response_id": str(asked.response_id), "user_id": str(user_id)}
        publish(type="chatbot.query.received", aggregate_id=asked.conversation_id, payload=payload)
        return _kept(asked)

    with scoped(principal):
        return _asked(once(user_id=user_id, key=idempotency_key, request=request, act=act))


def answer_regenerate(*, principal: Principal, response_id: UUID, idempotency_key: str = "") -> Asked:
    """Answer the same question again, as a branch beside the answer of `response_id`.

    Raises NotFound, TurnRunning while an answer is being written in that conversation, KeyReused.
    """
    user_id = _person(principal)

    def act() -> dict[str, str]:
        earlier = turn_get(principal, response_id)
        question = earlier.message.parent
        if question is None:
            raise NotFound
        return _kept(_turn_begin(earlier.conversation, question, filters_of(earlier.message)))

    with scoped(principal):
        request = {"regenerate": response_id}
        return _asked(once(user_id=user_id, key=idempotency_key, request=request, act=act))


def turn_stop(*, principal: Principal, response_id: UUID) -> None:
    """Ask that an answer stop; what was released is kept. Raises NotFound, TurnEnded."""
    turn = turn_get(principal, response_id)
    if not Turn.objects.filter(pk=turn.pk, state__in=Turn.LIVE).update(stop_requested=True):
        raise TurnEnded
    turns.stop(turn.pk)


def _question(text: str) -> str:
    question = storable(text).strip()
    if not question:
        raise EmptyQuestion
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionTooLong
    return question


def _person(principal: Principal) -> UUID:
    if principal.user_id is None:
        raise NotAuthenticated
    return principal.user_id


def _conversation(principal: Principal, conversation_id: UUID | None, question: str) -> Conversation:
    if conversation_id is None:
        return Conversation.objects.create(
            user_id=owner_id(principal),
            organisation_id=next(iter(principal.organisation_ids), None),
            title=title_of(question),
            updated_at=clock.now(),
        )
    conversation = conversations_of(principal).select_for_update(of=("self",)).filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound
    return conversation


def title_of(question: str) -> str:
    """Return a conversation's title: its first question on one line, cut at a word."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARS:
        return line
    return line[:TITLE_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _message_add(
    conversation: Conversation, parent: Message | None, role: Message.Role, filters: Filters, **fields: Any
) -> Message:
    return Message.objects.create(
        conversation=conversation,
        parent=parent,
        role=role,
        as_of=filters.as_of,
        scope={
            "namespaces": list(filters.namespaces),
            "country": filters.country,
            "language": filters.language,
        },
        **fields,
    )


def _turn_begin(conversation: Conversation, question: Message, filters: Filters) -> Asked:
    answer = _message_add(conversation, question, Message.Role.ASSISTANT, filters, status=Message.Status.PENDING)
    try:
        with transaction.atomic():
            turn = Turn.objects.create(conversation=conversation, message=answer)
    except IntegrityError as error:
        # The database alone can tell, whatever two requests saw before.
        raise TurnRunning from error
    Conversation.objects.filter(pk=conversation.pk).update(active_leaf=answer, updated_at=clock.now())
    transaction.on_commit(lambda: turns.launch(turn.pk))
    return Asked(conversation.pk, answer.pk, turn.pk)


def _kept(asked: Asked) -> dict[str, str]:
    return {
        "conversation_id": str(asked.conversation_id),
        "message_id": str(asked.message_id),
        "response_id": str(asked.response_id),
    }


def _asked(kept: Any) -> Asked:
    return Asked(**{name: UUID(value) for name, value in kept.items()})
