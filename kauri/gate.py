"""Which process answers which address, by its role."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# First match wins; what is nobody's belongs to the pages.
_OWNERS = (
    ("/v1/health", "every"),
    ("/v1/metrics", "every"),
    ("/v1/schema", "every"),
    ("/v1/docs", "every"),
    ("/static/", "every"),
    ("/language/", "every"),
    ("/v1/rag", "rag"),
    ("/v1/knowledge", "knowledge"),
    ("/admin", "knowledge"),
    ("/texts/", "knowledge"),
)


def serves(role: str, path: str) -> bool:
    """Return whether a process of `role` (all, chat, rag, knowledge) answers `path`."""
    if role == "all":
        return True
    owner = next((owner for prefix, owner in _OWNERS if path.startswith(prefix)), "chat")
    return owner in {"every", role}


def gated(app: ASGIApp, *, role: str) -> ASGIApp:
    """Wrap an ASGI application so that addresses of other roles answer 404 without reaching it."""

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and not serves(role, scope["path"]):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 4404})
                return
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    return gate
