"""Questions and streams over real sockets."""

import asyncio
import json
import time
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings

from apps.chat import stream
from apps.chat.tests.live import (
    QUESTION,
    Event,
    LiveDatabase,
    Person,
    WebProcess,
    ask,
    events_of,
    read_stream,
    saved,
    text_of,
)
from apps.rag.tests.providers import ProviderServer
from kauri.lib import sse
from kauri.lib.ids import uuid7
from kauri.lib.turnhub import TurnHub
from kauri.lib.turnlog import Entry, TurnLog

TERMINAL = {"response.completed", "response.incomplete", "response.failed"}


def test_the_json_answer_is_whole(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    with web.client(owner) as client:
        response = client.post("/v1/chat/query", json={"question": QUESTION})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert "x-kauri-turn" not in response.headers
    answer = response.json()
    assert answer["status"] == "completed"
    assert answer["citations"][0]["locator"] == "AUSCGIE, art. 311"
    marker = answer["citations"][0]
    assert answer["text"][marker["start_index"] : marker["end_index"]] == f"[{marker['index']}]"


def test_a_question_streams_in_its_own_response(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    with (
        web.client(owner, Accept="text/event-stream") as client,
        client.stream("POST", "/v1/chat/query", json={"question": QUESTION}) as response,
    ):
        raw = response.read()
        headers = response.headers
    assert response.status_code == 200
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert "x-kauri-turn" not in headers
    assert raw.startswith(b"retry: 3000\n\n")
    events = events_of(raw)
    names = [event.name for event in events]
    assert names[:3] == ["response.created", "kauri.retrieval.searching", "kauri.retrieval.completed"]
    assert names[-1] == "response.completed"
    assert sum(name in TERMINAL for name in names) == 1
    assert [event.id for event in events] == [f"{seq}-0" for seq in range(1, len(events) + 1)]
    assert [json.loads(event.data)["sequence_number"] for event in events] == list(range(1, len(events) + 1))


def test_a_question_is_taken_at_once_where_preferred(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    with web.client(owner) as client:
        response = ask(client)
        assert response.status_code == 202
        assert "x-kauri-turn" not in response.headers
        asked = response.json()
        assert set(asked) == {"response_id", "conversation_id", "message_id", "stream_url"}
        assert read_stream(client, asked["stream_url"])[-1].name == "response.completed"


def test_a_dropped_stream_goes_on_byte_for_byte(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    provider.delay_s = 0.03
    with web.client(owner) as client:
        asked = ask(client).json()
        first = read_stream(client, asked["stream_url"], n=3)
        assert [event.id for event in first] == ["1-0", "2-0", "3-0"]
        live = read_stream(client, asked["stream_url"], headers={"Last-Event-ID": first[-1].id})
        whole = read_stream(client, asked["stream_url"])
        by_query = read_stream(client, f"{asked['stream_url']}&last_event_id=3-0")
        answer = saved(client, asked["response_id"])
    assert live[-1].name == "response.completed"
    assert [*first, *live] == whole
    assert by_query == live
    assert answer["text"] == text_of(whole)
    assert answer["text"]


def test_the_log_in_valkey_and_the_saved_one_are_the_same(
    web: WebProcess, owner: Person, provider: ProviderServer, live_database: LiveDatabase
) -> None:
    provider.delay_s = 0.02
    with web.client(owner) as client:
        asked = ask(client).json()
        live = read_stream(client, asked["stream_url"])
    ((log,),) = live_database.rows("SELECT log FROM chat_turn WHERE id = %s", asked["response_id"])
    assert [Event(f"{seq}-0", name, text) for seq, name, text in log] == live


def test_a_stream_that_was_read_to_its_end_is_not_opened_again(web: WebProcess, owner: Person) -> None:
    with web.client(owner) as client:
        asked = ask(client).json()
        last = read_stream(client, asked["stream_url"])[-1]
        assert client.get(asked["stream_url"], headers={"Last-Event-ID": last.id}).status_code == 204
        assert client.get(asked["stream_url"], headers={"Last-Event-ID": "x"}).status_code == 422
        assert client.post(asked["stream_url"]).status_code == 405


def test_stop_keeps_what_was_released(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    provider.mode, provider.delay_s = "lying", 0.15
    with web.client(owner) as client:
        asked = ask(client).json()
        with client.stream("GET", asked["stream_url"]) as response:
            raw = b""
            for chunk in response.iter_raw():
                raw += chunk
                if b"output_text.delta" in raw and b"response.incomplete" not in raw:
                    stopped = client.post(f"/v1/chat/responses/{asked['response_id']}/cancel")
                    assert stopped.status_code in {202, 409}
        events = events_of(raw)
        answer = saved(client, asked["response_id"])
        again = client.post(f"/v1/chat/responses/{asked['response_id']}/cancel")
    assert json.loads(events[-1].data)["reason"] == "cancelled"
    assert events[-1].name == "response.incomplete"
    assert (answer["status"], answer["incomplete_reason"]) == ("incomplete", "cancelled")
    assert answer["text"] == text_of(events)
    assert answer["text"]
    assert again.status_code == 409
    assert again.json()["code"] == "turn_ended"


def test_a_provider_that_fails_leaves_the_extracts(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    provider.mode = "fails"
    with web.client(owner) as client:
        answer = client.post("/v1/chat/query", json={"question": QUESTION}).json()
    assert answer["status"] == "completed"
    assert answer["mode"] == "extractive"
    assert answer["degraded"]
    assert "million" in answer["text"]


def test_no_database_connection_is_held_while_a_provider_waits(
    web: WebProcess, owner: Person, provider: ProviderServer, live_database: LiveDatabase
) -> None:
    provider.mode = "slow"
    n_busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        " AND (state LIKE 'idle in transaction%%' OR (state = 'active' AND now() - query_start > interval '1 second'))"
    )
    n_in_use = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        " AND state <> 'idle' AND now() - state_change > interval '0.3 second'"
    )
    with web.client(owner) as client:
        before = provider.n_calls
        # as of ten days: the same question would be computed once
        days = [(date(2026, 1, 1) + timedelta(days=n)).isoformat() for n in range(10)]
        turns = [ask(client, as_of=day).json() for day in days]
        deadline = time.monotonic() + 10
        while provider.n_calls < before + 10 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert provider.n_calls == before + 10
        for _ in range(5):
            assert live_database.rows(n_busy, live_database.name) == [(0,)]
            assert live_database.rows(n_in_use, live_database.name) == [(0,)]
            time.sleep(0.1)
        for asked in turns:
            client.post(f"/v1/chat/responses/{asked['response_id']}/cancel")
        for asked in turns:
            read_stream(client, asked["stream_url"])


def test_a_client_that_leaves_ends_its_stream_and_not_the_turn(
    web: WebProcess, owner: Person, provider: ProviderServer
) -> None:
    provider.delay_s = 0.1
    with web.client(owner) as client:
        before = _open_streams(client)
        asked = ask(client).json()
        read_stream(client, asked["stream_url"], n=1)
        deadline = time.monotonic() + 2
        while _open_streams(client) > before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _open_streams(client) == before
        assert saved(client, asked["response_id"])["status"] == "in_progress"
        assert read_stream(client, asked["stream_url"])[-1].name == "response.completed"


def _open_streams(client: httpx.Client) -> float:
    lines = client.get("/v1/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("kauri_streams_open "))


async def test_a_quiet_stream_is_kept_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT_S", 0.05)
    sent: list[bytes] = []

    async def receive() -> MutableMapping[str, Any]:
        while sent.count(b": keep-alive\n\n") < 3:
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message.get("body", b""))

    async with TurnLog(settings.REDIS_STATE_URL) as log:
        hub = TurnHub(settings.REDIS_STATE_URL, log, _nothing_saved)
        hub.start()
        async with asyncio.timeout(5):
            await stream.follow(hub.listen(uuid7(), 0), receive, send, ())
        await hub.close()
    assert sent[1] == b"retry: 3000\n\n"


async def _nothing_saved(turn_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Entry]]:
    return {}


def test_a_refusal_is_an_event_of_its_own(web: WebProcess, owner: Person) -> None:
    with web.client(owner) as client:
        asked = ask(client, "Quelle est la capitale de l’Australie ?").json()
        events = read_stream(client, asked["stream_url"])
        answer = saved(client, asked["response_id"])
    assert [event.name for event in events][-2:] == ["response.refusal.done", "response.completed"]
    assert answer["mode"] == "refusal"
    assert answer["text"] == text_of(events)
    assert answer["citations"] == []
