"""PostgreSQL away: what is asked then is told so in words, and goes through once it is back."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from apps.chat.tests.live import QUESTION, LiveDatabase, Person, WebProcess, ask

WORDS = "database does not answer just now"


@contextmanager
def shut(database: LiveDatabase) -> Iterator[None]:
    """End every connection to the database and let none in."""
    maintenance = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres"))
    with psycopg.connect(maintenance, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database.name])
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS true')


def test_a_question_asked_without_the_database_is_told_so(
    web: WebProcess, live_database: LiveDatabase, owner: Person
) -> None:
    with web.client(owner) as client:
        client.headers["Accept-Language"] = "en"
        running = ask(client).json()
        with shut(live_database):
            answers = [
                client.post("/v1/chat/query", json={"question": QUESTION}),
                client.get("/v1/chat/stream", params={"response_id": running["response_id"]}),
            ]
            page = client.post("/", data={"question": QUESTION})
        for answer in answers:
            assert answer.headers["content-type"] == "application/problem+json"
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert WORDS in answer.json()["detail"]
            assert answer.json()["retryable"]
        assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert WORDS in page.text

        deadline = time.monotonic() + 20
        while (again := ask(client)).status_code != 202:
            assert time.monotonic() < deadline, again.text
            time.sleep(0.2)


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/v1/chat/query"), ("POST", "/v1/chat/stream")])
def test_a_method_that_is_not_taken_is_a_problem(web: WebProcess, owner: Person, method: str, path: str) -> None:
    with web.client(owner) as client:
        answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]
