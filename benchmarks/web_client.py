"""A person's browser, or a program, as `first_delta_web.py` needs it: asks, listens, and looks at the clock."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

PARTS = ("taken", "found", "first", "ended")
_MARKS = {
    "kauri.retrieval.completed": "found",
    "response.output_text.delta": "first",
    "response.completed": "ended",
    "response.failed": "ended",
}
_EVENT = re.compile(rb"^event: (\S+)$", re.MULTILINE)


@dataclass(slots=True)
class Heard:
    """One answer: ms from the first byte sent to each of PARTS, as far as it came."""

    ms: dict[str, float] = field(default_factory=dict)
    conversation_id: str = ""


class Browser:
    """One keep-alive connection of a signed-in person."""

    def __init__(self, port: int, session: str) -> None:
        token = secrets.token_hex(16)
        self._headers = {
            "Cookie": f"{session}; csrftoken={token}",
            "X-CSRFToken": token,
            "Content-Type": "application/json",
            "Accept-Language": "fr",
        }
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, question: str) -> Heard:
        """Ask as a client of the API that streams."""
        heard, started = Heard(), time.perf_counter()
        response = self._send("POST", "/v1/chat/query", {"question": question}, Accept="text/event-stream")
        self._listen(response, heard, started)
        return heard

    def ask_on_page(self, question: str, conversation_id: str) -> Heard:
        """Ask as the script of the page does, in a conversation where there is one."""
        fields = {"question": question, **({"conversation_id": conversation_id} if conversation_id else {})}
        heard, started = Heard(), time.perf_counter()
        head = {"Accept": "application/json", "Prefer": "respond-async", "Idempotency-Key": secrets.token_hex(16)}
        taken = json.loads(self._send("POST", "/v1/chat/query", fields, **head).read())
        heard.conversation_id = taken["conversation_id"]
        self._send("GET", f"/c/{taken['conversation_id']}/messages/{taken['message_id']}/", Accept="*/*").read()
        address = f"/v1/chat/stream?response_id={taken['response_id']}"
        self._listen(self._send("GET", address, Accept="text/event-stream"), heard, started)
        return heard

    def _send(
        self, method: str, path: str, fields: Mapping[str, str] | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps(fields).encode() if fields is not None else None
        self._connection.request(method, path, body, {**self._headers, **named})
        response = self._connection.getresponse()
        if response.status not in {200, 202}:
            raise SystemExit(f"{method} {path}: {response.status} {response.read()[:500]!r}")
        return response

    def _listen(self, response: http.client.HTTPResponse, heard: Heard, started: float) -> None:
        def note(part: str) -> None:
            heard.ms.setdefault(part, (time.perf_counter() - started) * 1e3)

        note("taken")
        while piece := response.read1(1 << 20):
            for name in _EVENT.findall(piece):
                if part := _MARKS.get(name.decode()):
                    note(part)
