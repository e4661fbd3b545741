"""Questions and streams over real sockets."""

import json
import threading
import time
from typing import Any

import httpx
import pytest

from apps.chat.tests.live import QUESTION, Event, LiveDatabase, Person, WebProcess, events_of, read_stream
from apps.rag.tests.providers import ProviderServer

TERMINAL = {"response.completed", "response.incomplete", "response.failed"}


def ask(client: httpx.Client, question: str = QUESTION, **fields: Any) -> httpx.Response:
    return client.post("/v1/chat/query", json={"question": question, **fields}, headers={"Prefer": "respond-async"})


def text_of(events: list[Event]) -> str:
    parts: list[str] = []
    for event in events:
        fields = json.loads(event.data)
        if event.name == "response.output_text.delta":
            parts.append(fields["delta"])
        elif event.name == "response.refusal.done":
            parts.append(fields["refusal"])
        elif event.name == "kauri.answer.restarted":
            parts.clear()
    return "".join(parts)


def saved(client: httpx.Client, response_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/v1/chat/responses/{response_id}").json()
    return answer


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


def test_one_answer_at_a_time(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    provider.mode = "slow"
    with web.client(owner) as client:
        asked = ask(client).json()
        second = ask(client, conversation_id=asked["conversation_id"])
        again = client.post(f"/v1/chat/responses/{asked['response_id']}/regenerate")
        client.post(f"/v1/chat/responses/{asked['response_id']}/cancel")
        events = read_stream(client, asked["stream_url"])
        third = ask(client, conversation_id=asked["conversation_id"])
    assert second.status_code == again.status_code == 409
    assert second.headers["content-type"] == "application/problem+json"
    assert second.json()["code"] == "turn_running"
    assert "already being written" in second.json()["detail"]
    assert events[-1].name == "response.incomplete"
    assert third.status_code == 202


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
        turns = [ask(client).json() for _ in range(10)]
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


def test_a_quiet_stream_is_kept_open(web: WebProcess, owner: Person, provider: ProviderServer) -> None:
    """The comment comes every 15 s; the test asks for the first bytes only, which come before any event."""
    provider.mode = "slow"
    with web.client(owner) as client:
        asked = ask(client).json()
        started = time.monotonic()
        with client.stream("GET", asked["stream_url"]) as response:
            assert next(response.iter_raw()).startswith(b"retry: 3000\n\n")
        assert time.monotonic() - started < 2
        client.post(f"/v1/chat/responses/{asked['response_id']}/cancel")
        read_stream(client, asked["stream_url"])


def test_a_stranger_gets_what_nobody_has(web: WebProcess, owner: Person, stranger: Person) -> None:
    with web.client(owner) as client:
        asked = ask(client).json()
        read_stream(client, asked["stream_url"])
    nothing = "00000000-0000-7000-8000-000000000000"
    places = [
        ("GET", "/v1/chat/stream?response_id={response_id}"),
        ("GET", "/v1/chat/responses/{response_id}"),
        ("POST", "/v1/chat/responses/{response_id}/cancel"),
        ("POST", "/v1/chat/responses/{response_id}/regenerate"),
        ("GET", "/v1/chat/conversations/{conversation_id}"),
    ]
    with web.client(stranger) as client:
        for method, place in places:
            theirs = client.request(method, place.format(**asked))
            none = client.request(method, place.format(response_id=nothing, conversation_id=nothing))
            assert (theirs.status_code, none.status_code) == (404, 404), place
            assert theirs.json() == none.json()
            assert theirs.headers["content-type"] == none.headers["content-type"] == "application/problem+json"
        into = ask(client, conversation_id=asked["conversation_id"])
        assert (into.status_code, into.json()) == (404, theirs.json())
        assert client.get("/v1/chat/conversations").json()["results"] == []
    with web.client() as client:
        for method, place in [*places, ("GET", "/v1/chat/conversations"), ("POST", "/v1/chat/query")]:
            response = client.request(method, place.format(**asked))
            assert response.status_code == 401, place
            assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("question", "code"), [("", "empty_question"), (" \n\t", "empty_question"), ("x" * 4001, "question_too_long")]
)
def test_it_says_what_is_wrong_with_a_question(web: WebProcess, owner: Person, question: str, code: str) -> None:
    with web.client(owner) as client:
        response = ask(client, question)
    assert response.status_code == 422
    assert response.json()["code"] == code
    assert response.json()["detail"].endswith(".")


def test_the_same_key_gives_the_same_answer(
    web: WebProcess, owner: Person, live_database: LiveDatabase, provider: ProviderServer
) -> None:
    provider.delay_s = 0.05
    with web.client(owner) as client:
        answers: list[httpx.Response] = []

        def send(question: str = QUESTION) -> None:
            key = {"Idempotency-Key": "once-1", "Prefer": "respond-async"}
            answers.append(client.post("/v1/chat/query", json={"question": question}, headers=key))

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.text for answer in answers}) == 1
        read_stream(client, answers[0].json()["stream_url"])
        send("Une autre question ?")
    assert answers[-1].status_code == 422
    assert answers[-1].json()["code"] == "idempotency_key_reused"
    assert live_database.rows("SELECT count(*) FROM chat_conversation WHERE user_id = %s", owner.user_id) == [(1,)]


def test_a_refusal_is_an_event_of_its_own(web: WebProcess, owner: Person) -> None:
    with web.client(owner) as client:
        asked = ask(client, "Quelle est la capitale de l’Australie ?").json()
        events = read_stream(client, asked["stream_url"])
        answer = saved(client, asked["response_id"])
    assert [event.name for event in events][-2:] == ["response.refusal.done", "response.completed"]
    assert answer["mode"] == "refusal"
    assert answer["text"] == text_of(events)
    assert answer["citations"] == []


def test_running_again_makes_a_branch(web: WebProcess, owner: Person) -> None:
    with web.client(owner) as client:
        asked = ask(client).json()
        read_stream(client, asked["stream_url"])
        again = client.post(f"/v1/chat/responses/{asked['response_id']}/regenerate").json()
        read_stream(client, again["stream_url"])
        conversation = client.get(f"/v1/chat/conversations/{asked['conversation_id']}").json()
    assert again["conversation_id"] == asked["conversation_id"]
    assert [message["role"] for message in conversation["messages"]] == ["user", "assistant"]
    assert conversation["messages"][1]["id"] == again["message_id"] != asked["message_id"]
    assert conversation["title"] == QUESTION


def test_csrf_is_asked_for(web: WebProcess, owner: Person) -> None:
    with web.client(owner) as client:
        response = client.post("/v1/chat/query", json={"question": QUESTION}, headers={"X-CSRFToken": ""})
    assert response.status_code == 403


def test_conversations_come_by_cursor(web: WebProcess, owner: Person) -> None:
    with web.client(owner) as client:
        for number in range(3):
            read_stream(client, ask(client, f"Que dit l’article {385 + number} de l’AUSCGIE ?").json()["stream_url"])
        first = client.get("/v1/chat/conversations?limit=2").json()
        second = client.get(first["next"]).json()
    titles = [row["title"] for row in first["results"] + second["results"]]
    assert titles == [f"Que dit l’article {385 + number} de l’AUSCGIE ?" for number in (2, 1, 0)]
    assert second["next"] is None
