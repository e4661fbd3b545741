"""Spans of the requests for answers."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from opentelemetry.trace import SpanKind

from kauri.gate import ASGIApp, Receive, Scope, Send
from kauri.lib.tracing import is_collected, received_with, spanned

# Where questions are asked; other addresses may hold what nobody else should read, such as a reset link's key.
_SPANNED = ("/v1/chat/", "/v1/rag/")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def with_spans(app: ASGIApp) -> ASGIApp:
    """Make one span of each request for answers, under the caller's where it names one (W3C traceparent)."""

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        if not is_collected() or scope["type"] != "http" or not scope["path"].startswith(_SPANNED):
            await app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        route = _ID.sub("{id}", scope["path"])
        with spanned(
            f"{scope['method']} {route}",
            within=received_with(headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "http.route": route},
        ) as span:

            async def noted(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    span.note("http.response.status_code", int(message["status"]))
                await send(message)

            await app(scope, receive, noted)

    return traced
