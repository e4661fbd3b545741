"""A model hub on loopback, as far as the hub's real client asks one for a whole model."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(slots=True)
class Hub:
    """A running hub: its address, the files of its one model by name, and what was fetched."""

    url: str
    model: str
    files: dict[str, Path]
    fetched: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        """Tell of a file."""
        self._serve(with_body=False)

    def do_GET(self) -> None:
        """Give the list of files, or one of them."""
        hub = self.server.hub
        if self.path.startswith(f"/api/models/{hub.model}/tree/"):
            rows = [{"type": "file", "path": name, "size": 1, "oid": "0"} for name in hub.files]
            self._send(json.dumps(rows).encode())
        elif self.path.startswith(f"/api/models/{hub.model}"):
            siblings = [{"rfilename": name} for name in hub.files]
            self._send(json.dumps({"id": hub.model, "sha": COMMIT, "siblings": siblings}).encode())
        else:
            self._serve(with_body=True)

    def _serve(self, *, with_body: bool) -> None:
        hub = self.server.hub
        prefix = f"/{hub.model}/resolve/{COMMIT}/"
        name = self.path.removeprefix(prefix)
        if not self.path.startswith(prefix) or name not in hub.files:
            self.send_error(404)
            return
        if with_body:
            hub.fetched.append(name)
        self._send(hub.files[name].read_bytes(), with_body=with_body)

    def _send(self, body: bytes, *, with_body: bool = True) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("etag", f'"{sha256(body).hexdigest()}"')
        self.send_header("x-repo-commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


@contextmanager
def serve_hub(model: str, folder: Path) -> Iterator[Hub]:
    """Offer a folder under a model's name for the length of the block."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    hub = Hub("", model, files)
    http = _Server(hub)
    hub.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        http.shutdown()
        http.server_close()
        thread.join(5)
