"""What a question costs and keeps, on a real database."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.auth import principal_for_user
from apps.accounts.models import User
from apps.accounts.services import user_create
from apps.accounts.types import Principal
from apps.chat import ledger, services, turns
from apps.chat.errors import TurnRunning
from apps.chat.models import Conversation, Message, Turn
from apps.knowledge.models import Namespace
from kauri.lib.models import OutboxEvent

pytestmark = pytest.mark.django_db

QUESTION = "Quel est le capital minimum d’une SARL ?"


@pytest.fixture
def awa(db: object) -> Principal:
    Namespace.objects.create(slug="doctrine", title="Doctrine")
    person: User = user_create(email="awa@example.com", password="un mot de passe assez long", name="Awa")
    return principal_for_user(person)


def test_a_question_is_saved_by_one_statement(awa: Principal) -> None:
    with CaptureQueriesContext(connection) as asked:
        services.question_ask(principal=awa, text=QUESTION)
    written = [query["sql"] for query in asked if "INSERT" in query["sql"] or "UPDATE" in query["sql"]]
    assert len(written) == 1
    turn = Turn.objects.select_related("conversation", "message__parent").get()
    question = turn.message.parent
    assert question is not None
    assert (question.text, question.role, turn.message.status) == (QUESTION, "user", "pending")
    assert (turn.conversation.active_leaf_id, turn.conversation.user_id) == (turn.message_id, awa.user_id)
    assert (turn.state, turn.lease_until, turn.log, turn.error) == (Turn.State.QUEUED, None, [], {})
    event = OutboxEvent.objects.get(type="chatbot.query.received")
    assert (event.key, event.published_at) == (turn.conversation_id, None)
    assert event.payload == {"response_id": str(turn.pk), "user_id": str(awa.user_id)}


def test_a_turn_that_begins_here_holds_its_lease_from_the_start(
    awa: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "free_owner", lambda: "this process")
    services.question_ask(principal=awa, text=QUESTION)
    turn = Turn.objects.get()
    assert (turn.state, turn.owner, turn.fence, turn.attempt) == (Turn.State.RUNNING, "this process", 1, 1)
    assert turn.lease_until is not None
    assert abs((turn.lease_until - turn.created_at).total_seconds() - ledger.LEASE_S) < 5


def test_a_second_question_beside_a_running_answer_leaves_nothing(awa: Principal) -> None:
    first = services.question_ask(principal=awa, text=QUESTION)
    before = _leaf(first.conversation_id)
    with pytest.raises(TurnRunning):
        services.question_ask(principal=awa, text=QUESTION, conversation_id=first.conversation_id)
    with pytest.raises(TurnRunning):
        services.answer_regenerate(principal=awa, response_id=first.response_id)
    n_events = OutboxEvent.objects.filter(type="chatbot.query.received").count()
    assert (Message.objects.count(), Turn.objects.count(), n_events) == (2, 1, 1)
    assert _leaf(first.conversation_id) == before


def test_what_else_the_database_refuses_is_not_taken_for_a_running_answer(
    awa: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = services.question_ask(principal=awa, text=QUESTION)
    monkeypatch.setattr(services, "uuid7", lambda: first.message_id)
    with pytest.raises(IntegrityError):
        services.question_ask(principal=awa, text=QUESTION)


def _leaf(conversation_id: UUID) -> UUID | None:
    return Conversation.objects.get(pk=conversation_id).active_leaf_id
