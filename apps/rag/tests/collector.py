"""An OTLP collector on loopback that decodes what it is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

Tree = dict[str, Any]


@dataclass(slots=True)
class Collector:
    """A running collector, its spans as they came, and the attributes of who sent them."""

    url: str
    spans: list[Any] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)

    def named(self, name: str) -> list[Any]:
        """Return the spans of a name."""
        return [span for span in tuple(self.spans) if span.name == name]

    def wait_for(self, name: str, *, timeout_s: float = 10) -> Any:
        """Return the first span of a name as soon as it has come."""
        deadline = time.monotonic() + timeout_s
        while not self.named(name):
            assert time.monotonic() < deadline, f"no span {name}: {sorted({span.name for span in self.spans})}"
            time.sleep(0.02)
        return self.named(name)[0]

    def tree(self, root: Any) -> Tree:
        """Return the names below a span, nested; names that came several times under one parent stand once."""
        below: Tree = {}
        for span in sorted(self.spans, key=lambda span: span.start_time_unix_nano):
            if span.parent_span_id == root.span_id and span.trace_id == root.trace_id:
                below.setdefault(span.name, {}).update(self.tree(span))
        return below


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect spans for the length of the block."""
    collector = Collector("")

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
            for resource in request.resource_spans:
                collector.resources.append({each.key: each.value.string_value for each in resource.resource.attributes})
                for scope in resource.scope_spans:
                    collector.spans.extend(scope.spans)
            body = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()


def words_of(spans: Sequence[Any]) -> str:
    """Return every name and attribute of spans as one text, to look for what must not be there."""
    return "\n".join(f"{span.name} {span.attributes} {span.events} {span.status}" for span in spans)
