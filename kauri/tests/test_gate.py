from typing import Any

import pytest

from kauri.gate import gated, serves


@pytest.mark.parametrize(
    ("role", "path", "answered"),
    [
        ("all", "/admin/", True),
        ("chat", "/", True),
        ("chat", "/v1/chat/query", True),
        ("chat", "/admin/", False),
        ("chat", "/v1/rag/search", False),
        ("knowledge", "/texts/1/", True),
        ("knowledge", "/", False),
        ("rag", "/v1/rag/search", True),
        ("rag", "/accounts/login/", False),
        ("rag", "/v1/health/live", True),
    ],
)
def test_each_role_serves_its_addresses(role: str, path: str, answered: bool) -> None:
    assert serves(role, path) is answered


async def test_an_address_of_another_role_never_reaches_the_application() -> None:
    reached: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    await gated(app, role="rag")({"type": "http", "path": "/admin/"}, receive, send)
    assert (reached, sent[0]["status"]) == ([], 404)
