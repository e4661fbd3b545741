"""Framing of server-sent events (WHATWG HTML, section 9.2)."""

import json
from collections.abc import Mapping
from typing import Any

RETRY_MS = 3000
HEARTBEAT_S = 15.0
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)
# Line ends to some clients though not to the specification; JSON may escape any character.
_LINE_ENDS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"}


def one_line(value: Mapping[str, Any]) -> str:
    """Return compact JSON that holds no character which any reader could take for a line end."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)


def opening() -> bytes:
    """Return the first bytes of a stream: when to come back."""
    return f"retry: {RETRY_MS}\n\n".encode()


def frame(*, event: str, text: str, event_id: str = "") -> bytes:
    """Return one event; `text` must be free of line ends (see `one_line`)."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {event}\ndata: {text}\n\n".encode()


def comment(words: str = "keep-alive") -> bytes:
    """Return a comment, which keeps a quiet connection open."""
    return f": {words}\n\n".encode()


def sequence_of(event_id: str) -> int:
    """Return the entry number of a `Last-Event-ID` (`7-0` or `7`); 0 for none. Raises ValueError."""
    if not event_id:
        return 0
    number, _, part = event_id.partition("-")
    if part not in {"", "0"} or not number.isascii() or not number.isdigit() or len(number) > 9:
        raise ValueError("not the id of an event")
    return int(number)
