"""The chat's API: who may, what is taken, what is said otherwise."""

import threading
from collections.abc import Callable

import httpx
import pytest

from apps.chat.tests.live import QUESTION, LiveDatabase, Person, WebProcess, ask, read_stream
from apps.rag.tests.providers import ProviderServer


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


@pytest.mark.parametrize("role", ["colleague", "curator", "stranger"])
def test_others_get_what_nobody_has(web: WebProcess, owner: Person, cast: Callable[[str], Person], role: str) -> None:
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
    with web.client(cast(role)) as client:
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
    ("question", "code"),
    [("", "empty_question"), (" \n\t", "empty_question"), *(("x" * n, "question_too_long") for n in (4001, 105_000))],
)
def test_it_says_what_is_wrong_with_a_question(web: WebProcess, owner: Person, question: str, code: str) -> None:
    with web.client(owner) as client:
        response = ask(client, question)
    assert response.status_code == 422
    assert response.json()["code"] == code
    assert response.json()["detail"].endswith(".")


@pytest.mark.parametrize(("fields", "words"), [({"namespace": "nope"}, "no such field"), ({"country": "Congo"}, "CG")])
def test_a_restriction_that_is_misspelt_does_not_widen_a_search(
    web: WebProcess, owner: Person, fields: dict[str, str], words: str
) -> None:
    with web.client(owner) as client:
        client.headers["Accept-Language"] = "en"
        response = client.post("/v1/chat/query", json={"question": QUESTION, **fields})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert words in response.text


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
