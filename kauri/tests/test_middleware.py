import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_pages_have_a_strict_policy_and_a_request_id(client: Client) -> None:
    response = client.get("/", headers={"X-Request-ID": "abcdefgh-1234"})
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Request-ID"] == "abcdefgh-1234"


def test_a_harmful_request_id_is_replaced(client: Client) -> None:
    response = client.get("/", headers={"X-Request-ID": 'x"\n{evil}'})
    assert response.headers["X-Request-ID"] != 'x"\n{evil}'


def test_the_back_office_alone_may_evaluate(client: Client) -> None:
    response = client.get("/admin/login/")
    assert response.headers["Location"].startswith("/accounts/login/")
    policy = response.headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(("asked", "spoken"), [("de", "fr"), ("en-GB,en", "en"), ("fr-SN", "fr"), ("", "fr")])
def test_a_visitor_is_spoken_to_in_a_language_that_kauri_has(client: Client, asked: str, spoken: str) -> None:
    response = client.get("/", headers={"Accept-Language": asked})
    assert response.headers["Content-Language"] == spoken


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/v1/rag/search", 405, "method_not_allowed"),
        ("get", "/v1/chat/query", 401, "not_authenticated"),
        ("get", "/v1/nowhere", 404, "not_found"),
    ],
)
def test_below_v1_every_error_is_a_problem(client: Client, method: str, path: str, status: int, code: str) -> None:
    response = getattr(client, method)(path, headers={"Accept-Language": "fr"})
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.headers["Content-Length"] == str(len(response.content))
    assert status != 405 or response.headers["Allow"] == "POST"


def test_a_page_that_is_not_there_is_a_page(client: Client) -> None:
    assert client.get("/nowhere").headers["Content-Type"].startswith("text/html")
