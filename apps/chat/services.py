"""The verbs of conversations: ask, stop, run again."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.types import Principal
from apps.chat import turns
from apps.chat.errors import EmptyQuestion, QuestionTooLong, TurnEnded, TurnRunning
from apps.chat.events import storable
from apps.chat.ledger import turn_new, turn_save
from apps.chat.models import Conversation, Message, Turn
from apps.chat.selectors import conversations_of, filters_of, owner_id, questions_up_to, turn_get
from apps.chat.types import HISTORY_QUESTIONS, MAX_QUESTION_CHARS, Asked, BegunTurn, Filters, TurnWork
from apps.knowledge.selectors import scope_for
from apps.rag.indexer import revisions_of
from apps.rag.types import Question, Scope
from kauri.lib import clock
from kauri.lib.db import scoped
from kauri.lib.errors import NotAuthenticated, NotFound
from kauri.lib.idempotency import once
from kauri.lib.ids import uuid7
from kauri.lib.outbox import event

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
    """Take a question and begin its answer, of which nothing is told before both are saved.

    A new conversation is begun without `conversation_id`. Raises EmptyQuestion, QuestionTooLong, TurnRunning
    where an answer is being written in that conversation, NotFound, UnknownNamespace, KeyReused.
    """
    question = _question(text)
    user_id = _person(principal)
    turn_id = uuid7()
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
        answer_id = uuid7()
        conversation, leaf_id = _conversation(principal, conversation_id, question, answer_id)
        message = _message(conversation, Message.Role.USER, filters, parent_id=leaf_id, text=question)
        answer = _answer_to(message, filters, id=answer_id)
        turn = turn_new(answer, id=turn_id, owner=turns.free_owner())
        begun = _begun(turn, filters, scope) if turn.owner else None
        if begun is not None:
            turns.expect(begun)
        payload = {"response_id": str(turn.pk), "user_id": str(user_id)}
        received = event(type="chatbot.query.received", aggregate_id=conversation.pk, payload=payload)
        new = [] if conversation_id else [conversation]
        turn_save(turn, before=[*new, message, answer], after=[received])
        return _kept(_launched(turn, begun))

    with turns.dropped_on_fault(turn_id), scoped(principal):
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
        filters = filters_of(question)
        answer = _answer_to(question, filters)
        Conversation.objects.filter(pk=answer.conversation_id).update(active_leaf=answer.pk, updated_at=clock.now())
        turn = turn_new(answer, owner=turns.free_owner())
        turn_save(turn, before=[answer])
        return _kept(_launched(turn, _begun(turn, filters, None) if turn.owner else None))

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


def _conversation(
    principal: Principal, conversation_id: UUID | None, question: str, answer_id: UUID
) -> tuple[Conversation, UUID | None]:
    """Return a question's conversation, leading to the answer to come, and the message that it follows.

    A new one is yet to be saved, another is locked. That the answer is there is checked at the end of the transaction.
    Raises NotFound, TurnRunning.
    """
    now = clock.now()
    if conversation_id is None:
        conversation = Conversation(
            user_id=owner_id(principal),
            organisation_id=next(iter(principal.organisation_ids), None),
            title=title_of(question),
            active_leaf_id=answer_id,
            updated_at=now,
        )
        return conversation, None
    found = conversations_of(principal).select_for_update(of=("self",)).filter(pk=conversation_id).first()
    if found is None:
        raise NotFound
    # Under the lock, so that no answer is begun for a question that cannot be taken.
    if Turn.objects.filter(conversation=found, state__in=Turn.LIVE).exists():
        raise TurnRunning
    Conversation.objects.filter(pk=found.pk).update(active_leaf=answer_id, updated_at=now)
    return found, found.active_leaf_id


def title_of(question: str) -> str:
    """Return a conversation's title: its first question on one line, cut at a word."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARS:
        return line
    return line[:TITLE_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _message(conversation: Conversation, role: Message.Role, filters: Filters, **fields: Any) -> Message:
    return Message(
        conversation=conversation,
        role=role,
        as_of=filters.as_of,
        scope={
            "namespaces": list(filters.namespaces),
            "country": filters.country,
            "language": filters.language,
        },
        **fields,
    )


def _answer_to(question: Message, filters: Filters, **fields: Any) -> Message:
    pending = Message.Status.PENDING
    return _message(question.conversation, Message.Role.ASSISTANT, filters, parent=question, status=pending, **fields)


def _launched(turn: Turn, begun: BegunTurn | None) -> Asked:
    """Have a saved turn run once it is committed.

    It is this process's from the start where that runs turns: taking it afterwards would cost another commit.
    """
    transaction.on_commit(lambda: turns.launch(turn.pk, begun))
    return Asked(turn.conversation_id, turn.message_id, turn.pk)


def _begun(turn: Turn, filters: Filters, scope: Scope | None) -> BegunTurn:
    message = turn.message.parent
    if message is None:
        raise NotFound
    earlier = message.parent_id
    history = questions_up_to(earlier, turn.conversation_id, HISTORY_QUESTIONS) if earlier else ()
    work = TurnWork(
        turn_id=turn.pk,
        fence=turn.fence,
        conversation_id=turn.conversation_id,
        message_id=turn.message_id,
        user_id=turn.conversation.user_id,
        text=message.text,
        history=history,
        filters=filters,
    )
    if scope is None:
        return BegunTurn(work, None)
    # read here: the cache need not ask again
    revisions = revisions_of(scope.namespaces)
    question = Question(message.text, scope, history, filters.language, revisions=revisions)
    return BegunTurn(work, question)


def _kept(asked: Asked) -> dict[str, str]:
    return {
        "conversation_id": str(asked.conversation_id),
        "message_id": str(asked.message_id),
        "response_id": str(asked.response_id),
    }


def _asked(kept: Any) -> Asked:
    return Asked(**{name: UUID(value) for name, value in kept.items()})
