"""An OpenAI-compatible embeddings endpoint on loopback that answers well, badly, late or not at all."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

DIMENSION = 16


@dataclass(slots=True)
class EmbeddingsServer:
    """A running endpoint: its address, how it answers the next requests (its last mode stays), what it was asked."""

    url: str = ""
    modes: list[str] = field(default_factory=lambda: ["good"])
    asked: list[list[str]] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    max_characters: int = 1_000_000
    retry_after: str = "0.2"
    released: threading.Event = field(default_factory=threading.Event)

    def next_mode(self) -> str:
        """Return how to answer this request."""
        return self.modes.pop(0) if len(self.modes) > 1 else self.modes[0]


def vector_of(text: str) -> list[float]:
    """Return the vector that the endpoint gives a text: of any length, the same for the same text."""
    seed = int.from_bytes(sha256(text.encode()).digest()[:4], "big")
    return [float(value) for value in np.random.default_rng(seed).normal(size=DIMENSION) * 3]


def _bodies(texts: list[str]) -> dict[str, bytes]:
    good: list[dict[str, Any]] = [
        {"object": "embedding", "index": at, "embedding": vector_of(text)} for at, text in enumerate(texts)
    ]

    def reply(rows: list[dict[str, Any]]) -> bytes:
        return json.dumps({"object": "list", "data": rows, "model": "m", "usage": {}}).encode()

    return {
        "good": reply(good),
        "shuffled": reply(good[::-1]),
        "too few": reply(good[:-1]),
        "too many": reply([*good, {**good[0], "index": len(good)}]),
        "twice the same": reply([{**each, "index": 0} for each in good]),
        "short": reply([{**each, "embedding": each["embedding"][:8]} for each in good]),
        "ragged": reply([{**good[0], "embedding": good[0]["embedding"][:8]}, *good[1:]]),
        "words": reply([{**each, "embedding": ["a"] * DIMENSION} for each in good]),
        "nulls": reply([{**each, "embedding": None} for each in good]),
        "nan": reply([{**each, "embedding": [float("nan")] * DIMENSION} for each in good]),
        "zeros": reply([{**each, "embedding": [0.0] * DIMENSION} for each in good]),
        "broken": reply(good)[:-20],
        "html": b"<html>gateway</html>",
        "a list": b"[1, 2]",
        "error inside": json.dumps({"error": {"message": "overloaded", "code": "overloaded"}}).encode(),
        "quota inside": json.dumps({"error": {"message": "pay", "code": "insufficient_quota"}}).encode(),
    }


_STATUSES = {"limited": 429, "unpaid": 429, "fails": 500, "away": 503, "refuses": 401, "unknown": 404, "bad": 400}
_ECHOES = {"refuses echoing": 400, "fails echoing": 500}
_SILENCES = ("hangs", "drips", "hangs up")
_TOO_LONG = b'{"error": {"message": "inputs must have less than 512 tokens", "type": "Validation"}}'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Note what is asked, and answer as the mode says."""
        ours = self.server.ours
        texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
        ours.asked.append(texts)
        ours.times_s.append(time.monotonic())
        ours.keys.append(self.headers["authorization"])
        mode = ours.next_mode()
        if any(len(text) > ours.max_characters for text in texts):
            self._send(400, _TOO_LONG)
        elif mode in _ECHOES:
            said = f"cannot embed {texts[0]} for {self.headers['authorization']}"
            self._send(_ECHOES[mode], json.dumps({"error": {"message": said}}).encode())
        elif mode in _STATUSES:
            code = "insufficient_quota" if mode == "unpaid" else mode
            self._send(_STATUSES[mode], json.dumps({"error": {"message": mode, "code": code}}).encode())
        elif mode == "late":
            ours.released.wait(30)
            self._send(200, _bodies(texts)["good"])
        elif mode in _SILENCES:
            self._be_silent(mode, texts)
        else:
            self._send(200, _bodies(texts)[mode])

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if status == 429:
            self.send_header("retry-after", self.server.ours.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def _be_silent(self, mode: str, texts: list[str]) -> None:
        self.close_connection = True
        if mode == "hangs":
            self.server.ours.released.wait(30)
        elif mode == "drips":
            self._drip(_bodies(texts)["good"])

    def _drip(self, body: bytes) -> None:
        """Send a byte now and then: never a silence that is too long, never an end."""
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        for byte in body:
            if self.server.ours.released.wait(0.05):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ours: EmbeddingsServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ours = ours

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that left: the tests make them leave."""


@contextmanager
def serve_embeddings(*modes: str) -> Iterator[EmbeddingsServer]:
    """Run an endpoint for the length of the block."""
    server = EmbeddingsServer(modes=list(modes) or ["good"])
    http = _Server(server)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()
        thread.join(5)


@contextmanager
def silent_port() -> Iterator[int]:
    """Listen and never answer, as a frozen server does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]
