"""Leases, sweeping and draining, in real web processes."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
import redis
from django.conf import settings
from pytest_django import DjangoDbBlocker

from apps.chat.tests.conftest import web_environment
from apps.chat.tests.live import LiveDatabase, Person, WebProcess, ask, events_of, read_stream, saved, text_of
from apps.rag.tests.providers import ProviderServer
from kauri.lib import clock
from kauri.lib.ids import uuid7
from kauri.lib.turnlog import stream_key


def until(fact: Callable[[], Any], timeout_s: float) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := fact()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def make_turn(database: LiveDatabase, person: Person, **fields: Any) -> UUID:
    """Write the rows of a question whose turn another process has left behind."""
    from apps.chat.models import Conversation, Message, Turn

    now = clock.now()
    with database.orm():
        conversation = Conversation.objects.create(user_id=person.user_id, title="?", updated_at=now)
        kept = {"conversation": conversation, "as_of": now.date(), "scope": {"language": "fr"}}
        question = Message.objects.create(role="user", text="Que dit l’article 311 de l’AUSCGIE ?", **kept)
        answer = Message.objects.create(role="assistant", status="pending", parent=question, **kept)
        turn = Turn.objects.create(conversation=conversation, message=answer, **fields)
        Turn.objects.filter(pk=turn.pk).update(created_at=now - timedelta(seconds=60))
        return turn.pk


@pytest.fixture
def database(live_database: LiveDatabase, django_db_blocker: DjangoDbBlocker) -> Iterator[LiveDatabase]:
    with django_db_blocker.unblock():
        yield live_database


def test_a_turn_of_a_dead_process_is_shown_as_interrupted(
    web: WebProcess, database: LiveDatabase, owner: Person
) -> None:
    turn_id = uuid7()
    with redis.Redis.from_url(settings.REDIS_STATE_URL) as valkey:
        for seq, event, body in (
            (1, "response.created", {}),
            (2, "response.output_text.delta", {"delta": "Le capital "}),
            (3, "response.output_text.delta", {"delta": "est libre."}),
        ):
            valkey.xadd(stream_key(turn_id), {"event": event, "data": json.dumps(body)}, id=f"{seq}-0")
    expired = clock.now() - timedelta(seconds=1)
    make_turn(database, owner, id=turn_id, state="running", owner="dead", fence=3, lease_until=expired)
    with web.client(owner) as client:
        events = read_stream(client, f"/v1/chat/stream?response_id={turn_id}")
        answer = until(lambda: (kept := saved(client, str(turn_id)))["status"] != "in_progress" and kept, 5)
    assert [event.name for event in events][-1] == "response.incomplete"
    assert json.loads(events[-1].data)["reason"] == "interrupted"
    assert (answer["incomplete_reason"], answer["text"]) == ("interrupted", "Le capital est libre.")
    assert text_of(events) == answer["text"]
    assert database.rows("SELECT fence, state FROM chat_turn WHERE id = %s", turn_id) == [(4, "interrupted")]


def test_a_turn_whose_lease_still_runs_is_left_alone(web: WebProcess, database: LiveDatabase, owner: Person) -> None:
    ahead = clock.now() + timedelta(seconds=60)
    turn_id = make_turn(database, owner, state="running", owner="elsewhere", fence=1, lease_until=ahead)
    time.sleep(4)
    assert database.rows("SELECT fence, state FROM chat_turn WHERE id = %s", turn_id) == [(1, "running")]


def test_a_question_that_nobody_has_begun_is_answered(web: WebProcess, database: LiveDatabase, owner: Person) -> None:
    turn_id = make_turn(database, owner, state="queued")
    with web.client(owner) as client:
        events = read_stream(client, f"/v1/chat/stream?response_id={turn_id}")
    assert events[-1].name == "response.completed"
    assert database.rows("SELECT attempt, fence FROM chat_turn WHERE id = %s", turn_id) == [(1, 1)]


def test_a_process_that_has_lost_its_turn_writes_no_more(
    web: WebProcess, database: LiveDatabase, owner: Person, provider: ProviderServer
) -> None:
    provider.mode = "slow"
    with web.client(owner) as client:
        before = provider.n_calls
        asked = ask(client).json()
        assert until(lambda: provider.n_calls > before, 5)
        taken = "UPDATE chat_turn SET fence = fence + 1, owner = 'other' WHERE id = %s RETURNING fence"
        assert database.rows(taken, asked["response_id"]) == [(2,)]
        assert until(lambda: _running(client) == 0, 3)
        state = "SELECT state, fence, log FROM chat_turn WHERE id = %s"
        assert database.rows(state, asked["response_id"]) == [("running", 2, [])]
        # Nobody renews it now: the sweeper tells the reader within the lease.
        assert database.rows("UPDATE chat_turn SET lease_until = now() WHERE id = %s RETURNING 1", asked["response_id"])
        events = read_stream(client, asked["stream_url"])
    assert json.loads(events[-1].data)["reason"] == "interrupted"


def test_a_stop_reaches_the_process_that_runs_the_turn(
    web: WebProcess, database: LiveDatabase, owner: Person, provider: ProviderServer
) -> None:
    """The flag alone must do, as it would be set by another process."""
    provider.mode = "slow"
    with web.client(owner) as client:
        before = provider.n_calls
        asked = ask(client).json()
        assert until(lambda: provider.n_calls > before, 5)
        assert database.rows(
            "UPDATE chat_turn SET stop_requested = true WHERE id = %s RETURNING 1", asked["response_id"]
        )
        started = time.monotonic()
        events = read_stream(client, asked["stream_url"])
    assert json.loads(events[-1].data)["reason"] == "cancelled"
    assert time.monotonic() - started < 3


def test_a_failing_engine_says_so_and_keeps_the_question(
    web: WebProcess, database: LiveDatabase, owner: Person
) -> None:
    with web.client(owner) as client:
        _execute(database, "ALTER TABLE rag_indexentry RENAME TO rag_indexentry_away")
        try:
            asked = ask(client).json()
            events = read_stream(client, asked["stream_url"])
        finally:
            _execute(database, "ALTER TABLE rag_indexentry_away RENAME TO rag_indexentry")
        failure = json.loads(events[-1].data)
        answer = saved(client, asked["response_id"])
        conversation = client.get(f"/v1/chat/conversations/{asked['conversation_id']}").json()
        again = client.post(f"/v1/chat/responses/{asked['response_id']}/regenerate").json()
        assert read_stream(client, again["stream_url"])[-1].name == "response.completed"
    assert events[-1].name == "response.failed"
    assert failure["retryable"] is True
    assert failure["code"]
    assert failure["message"].endswith(".")
    assert (answer["status"], answer["error"]["code"]) == ("failed", failure["code"])
    assert conversation["messages"][0]["text"] == "Quel est le capital minimum d’une SARL ?"


def _running(client: httpx.Client) -> float:
    lines = client.get("/v1/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("kauri_turns_running "))


def _execute(database: LiveDatabase, statement: str) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize(("piece_s", "ending"), [(0.1, "completed"), (2.0, "interrupted")])
def test_a_process_that_is_told_to_end_lets_answers_end(
    database: LiveDatabase, provider: ProviderServer, tmp_path: Path, piece_s: float, ending: str
) -> None:
    owner, provider.delay_s = database.person("owner"), piece_s
    drain_s = {"completed": "7", "interrupted": "1"}[ending]
    process = WebProcess(database, KAURI_DRAIN_S=drain_s, **web_environment(provider, tmp_path))
    process.start()
    try:
        with process.client(owner) as client:
            before = provider.n_calls
            asked = ask(client).json()
            assert until(lambda: provider.n_calls > before, 5)
            raw: list[bytes] = []
            reading = threading.Thread(target=_read_all, args=(client, asked["stream_url"], raw))
            reading.start()
            time.sleep(0.3)
            started = time.monotonic()
            status = process.kill(signal.SIGTERM)
            reading.join(10)
            elapsed_s = time.monotonic() - started
    finally:
        process.stop()
    assert status in {0, -signal.SIGTERM}
    assert elapsed_s < 10
    names = [event.name for event in events_of(raw[0])]
    assert names[-1] == {"completed": "response.completed", "interrupted": "response.incomplete"}[ending]
    assert database.rows("SELECT state FROM chat_turn WHERE id = %s", asked["response_id"]) == [(ending,)]


def _read_all(client: httpx.Client, url: str, raw: list[bytes]) -> None:
    with client.stream("GET", url) as response:
        raw.append(response.read())


def test_any_process_serves_and_stops_a_turn_and_sends_its_readers_on(
    web: WebProcess, database: LiveDatabase, owner: Person, provider: ProviderServer, tmp_path: Path
) -> None:
    provider.mode, provider.delay_s = "lying", 0.3
    other = WebProcess(database, **web_environment(provider, tmp_path))
    other.start()
    try:
        with web.client(owner) as here, other.client(owner) as there:
            asked = ask(here).json()
            raw: list[bytes] = []
            reading = threading.Thread(target=_read_all, args=(there, asked["stream_url"], raw))
            reading.start()
            assert until(lambda: saved(here, asked["response_id"])["status"] == "in_progress", 5)
            time.sleep(1)
            assert there.post(f"/v1/chat/responses/{asked['response_id']}/cancel").status_code == 202
            reading.join(10)
            stopped = events_of(raw[0])
            assert json.loads(stopped[-1].data)["reason"] == "cancelled"
            assert stopped == read_stream(here, asked["stream_url"])

            provider.delay_s = 0.5
            asked = ask(here).json()
            reading = threading.Thread(target=_read_all, args=(there, asked["stream_url"], raw))
            reading.start()
            time.sleep(0.5)
            other.kill(signal.SIGTERM)
            reading.join(10)
            cut = events_of(raw[1])
            assert (cut[-1].name, cut[-1].id) == ("reconnect", "")
            here.post(f"/v1/chat/responses/{asked['response_id']}/cancel")
            rest = read_stream(here, asked["stream_url"], headers={"Last-Event-ID": cut[-2].id})
            assert [*cut[:-1], *rest] == read_stream(here, asked["stream_url"])
    finally:
        other.stop()
