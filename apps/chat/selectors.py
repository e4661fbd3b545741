"""Reads of conversations. Whoever is not the owner gets the same answer as for nothing at all."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Prefetch, QuerySet, TextField, Value, When

from apps.accounts.types import Principal
from apps.chat.models import Conversation, Message, Turn
from apps.chat.types import Filters, TurnLogState
from kauri.lib.db import scoped
from kauri.lib.errors import NotFound
from kauri.lib.turnlog import Entry

# Their logs hold the answer a second time, in pieces.
_TURNS: "Prefetch[str, QuerySet[Turn], str]" = Prefetch("turns", Turn.objects.defer("log"))


def owner_id(principal: Principal) -> UUID:
    """Return whose conversations this principal may see. Raises NotFound for nobody: they have none."""
    if principal.user_id is None:
        raise NotFound
    return principal.user_id


def conversations_of(principal: Principal) -> QuerySet[Conversation]:
    """Return a person's conversations, the one used last first."""
    return Conversation.objects.filter(user_id=owner_id(principal)).order_by("-updated_at", "-id")


def conversation_list(principal: Principal, limit: int = 50) -> list[Conversation]:
    """Return a person's latest conversations."""
    with scoped(principal):
        return list(conversations_of(principal)[:limit])


def turn_log(principal: Principal, response_id: UUID) -> TurnLogState:
    """Return whether a turn of this person runs, and its saved log. Raises NotFound, for a stranger too."""
    with scoped(principal):
        turns = Turn.objects.filter(pk=response_id, conversation__user_id=owner_id(principal))
        row = turns.values_list("state", "log").first()
    if row is None:
        raise NotFound
    return TurnLogState(row[0] in Turn.LIVE, saved_entries(row[1]))


def saved_entries(log: Sequence[Sequence[Any]]) -> tuple[Entry, ...]:
    """Read `Turn.log` back."""
    return tuple(Entry(seq, event, text) for seq, event, text in log)


def conversation_get(principal: Principal, conversation_id: UUID) -> Conversation:
    """Return a conversation of this person. Raises NotFound, for a stranger too."""
    with scoped(principal):
        conversation = conversations_of(principal).filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound
    return conversation


def message_list(principal: Principal, conversation_id: UUID) -> list[Message]:
    """Return the messages of the active branch, the first question first, with their citations."""
    with scoped(principal):
        conversation = conversations_of(principal).filter(pk=conversation_id).select_related("active_leaf").first()
        if conversation is None:
            raise NotFound
        return branch_of(conversation.active_leaf) if conversation.active_leaf else []


def message_get(principal: Principal, conversation_id: UUID, message_id: UUID) -> Message:
    """Return one message of this person, with citations. Raises NotFound, for a stranger too."""
    with scoped(principal):
        message = (
            Message.objects.filter(
                pk=message_id, conversation_id=conversation_id, conversation__user_id=owner_id(principal)
            )
            .prefetch_related("citations", _TURNS)
            .select_related("parent", "conversation")
            .first()
        )
    if message is None:
        raise NotFound
    return message


def turn_get(principal: Principal, response_id: UUID) -> Turn:
    """Return a turn of this person with its message and citations. Raises NotFound, for a stranger too."""
    with scoped(principal):
        turn = _turns().filter(pk=response_id, conversation__user_id=owner_id(principal)).first()
    if turn is None:
        raise NotFound
    return turn


def turn_begun(response_id: UUID) -> Turn:
    """Return a turn for the very request that has begun it, whose right was checked then. Raises NotFound."""
    turn = _turns().filter(pk=response_id).first()
    if turn is None:
        raise NotFound
    return turn


def _turns() -> QuerySet[Turn]:
    return Turn.objects.select_related("message", "conversation").prefetch_related("message__citations")


def branch_of(leaf: Message) -> list[Message]:
    """Return the messages from the first question down to `leaf`, with citations and turns."""
    messages = {
        message.pk: message
        for message in Message.objects.filter(conversation_id=leaf.conversation_id).prefetch_related(
            "citations", _TURNS
        )
    }
    branch = []
    place: Message | None = messages.get(leaf.pk)
    while place is not None:
        branch.append(place)
        place = messages.get(place.parent_id) if place.parent_id else None
    return branch[::-1]


def questions_up_to(leaf_id: UUID, conversation_id: UUID, limit: int) -> tuple[str, ...]:
    """Return the last `limit` questions of the branch that ends with `leaf_id`, that message's own included."""
    # answers are long, and not wanted
    text = Case(When(role=Message.Role.USER, then=F("text")), default=Value(""), output_field=TextField())
    rows = Message.objects.filter(conversation_id=conversation_id).values_list("pk", "parent_id", text)
    above = {message_id: (parent_id, question) for message_id, parent_id, question in rows}
    questions: list[str] = []
    place: UUID | None = leaf_id
    while place in above and len(questions) < limit:
        place, question = above[place]
        questions += [question] if question else []
    return tuple(reversed(questions))


def filters_of(message: Message) -> Filters:
    """Return what was asked to be searched for a question or its answer."""
    kept = message.scope
    as_of: date = message.as_of
    return Filters(
        namespaces=tuple(kept.get("namespaces", ())),
        country=kept.get("country"),
        as_of=as_of,
        language=kept.get("language", "fr"),
    )
