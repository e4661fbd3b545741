"""A loopback server that speaks Pinecone's documented data-plane API, with its limits, its delays and its bad days."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "a key that only the loopback knows"
VERSION = "2026-07"
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda there, wanted: there == wanted,
    "$ne": lambda there, wanted: there != wanted,
    "$gt": lambda there, wanted: there > wanted,
    "$gte": lambda there, wanted: there >= wanted,
    "$lt": lambda there, wanted: there < wanted,
    "$lte": lambda there, wanted: there <= wanted,
    "$in": lambda there, wanted: there in wanted,
    "$nin": lambda there, wanted: there not in wanted,
}


class Refused(Exception):
    """What the server answers in place of a result."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


@dataclass(slots=True)
class Request:
    """What a client asked."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(slots=True)
class PineconeServer:
    """The state of one index. `faults` are raised by the next requests of a path, one each."""

    dimension: int = 8
    delete_lag_s: float = 0.0
    answer_lag_s: float = 0.0
    url: str = ""
    namespaces: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    faults: dict[str, list[Refused]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    dying: dict[tuple[str, str], float] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def asked(self, path: str) -> list[Request]:
        """Return the requests of a path."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> dict[str, Any]:
        """Do what is asked, or raise Refused."""
        with self.lock:
            self.requests.append(request)
            self._bury()
            waiting = self.faults.get(request.path)
            if waiting:
                raise waiting.pop(0)
            if request.headers.get("api-key") != KEY:
                raise Refused(401, "Unauthorized")
            if request.headers.get("x-pinecone-api-version") != VERSION:
                raise Refused(400, "unknown API version")
            verbs = {
                "/vectors/upsert": self._upsert,
                "/query": self._query,
                "/vectors/delete": self._delete,
                "/vectors/fetch": self._fetch,
                "/vectors/list": self._list,
                "/describe_index_stats": self._stats,
            }
            if request.path not in verbs:
                raise Refused(404, f"no such path: {request.path}")
            return verbs[request.path](request.body)

    def _bury(self) -> None:
        for (namespace, key), at in list(self.dying.items()):
            if at <= time.monotonic():
                self.namespaces.get(namespace, {}).pop(key, None)
                del self.dying[namespace, key]

    def _upsert(self, body: dict[str, Any]) -> dict[str, Any]:
        vectors = body["vectors"]
        if len(vectors) > 1_000:
            raise Refused(400, "too many vectors in one request")
        for each in vectors:
            if len(each["values"]) != self.dimension:
                raise Refused(400, f"Vector dimension {len(each['values'])} does not match {self.dimension}")
            if len(each["id"]) > 512 or len(json.dumps(each.get("metadata", {}))) > 40_960:
                raise Refused(400, "id or metadata too long")
        there = self.namespaces.setdefault(body.get("namespace", ""), {})
        for each in vectors:
            self.dying.pop((body.get("namespace", ""), each["id"]), None)
            there[each["id"]] = each
        return {"upsertedCount": len(vectors)}

    def _query(self, body: dict[str, Any]) -> dict[str, Any]:
        if not 1 <= body["topK"] <= 10_000:
            raise Refused(400, "topK out of range")
        if len(body["vector"]) != self.dimension:
            raise Refused(400, f"Vector dimension {len(body['vector'])} does not match {self.dimension}")
        there = self.namespaces.get(body.get("namespace", ""), {})
        matches = [
            {"id": each["id"], "score": _cosine(each["values"], body["vector"])}
            for each in there.values()
            if _admits(body.get("filter", {}), each.get("metadata", {}))
        ]
        matches.sort(key=lambda match: -match["score"])
        return {"matches": matches[: body["topK"]], "namespace": body.get("namespace", ""), "usage": {"readUnits": 1}}

    def _delete(self, body: dict[str, Any]) -> dict[str, Any]:
        namespace = body.get("namespace", "")
        if namespace not in self.namespaces:
            raise Refused(404, "Namespace not found")
        if len(body["ids"]) > 1_000:
            raise Refused(400, "too many ids")
        for key in body["ids"]:
            if key in self.namespaces[namespace]:
                self.dying.setdefault((namespace, key), time.monotonic() + self.delete_lag_s)
        self._bury()
        return {}

    def _fetch(self, body: dict[str, Any]) -> dict[str, Any]:
        there = self.namespaces.get(body.get("namespace", ""), {})
        return {
            "vectors": {key: there[key] for key in body["ids"] if key in there},
            "namespace": body.get("namespace", ""),
        }

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        keys = sorted(self.namespaces.get(body.get("namespace", ""), {}))
        at = int(body.get("paginationToken", 0))
        page = {"vectors": [{"id": key} for key in keys[at : at + 100]], "namespace": body.get("namespace", "")}
        return page | ({"pagination": {"next": str(at + 100)}} if at + 100 < len(keys) else {})

    def _stats(self, body: dict[str, Any]) -> dict[str, Any]:
        counts = {name: {"vectorCount": len(there)} for name, there in self.namespaces.items() if there}
        total = sum(each["vectorCount"] for each in counts.values())
        return {"namespaces": counts, "dimension": self.dimension, "indexFullness": 0.0, "totalVectorCount": total}


def _cosine(left: list[float], right: list[float]) -> float:
    lengths = math.sqrt(sum(x * x for x in left)) * math.sqrt(sum(x * x for x in right))
    return sum(x * y for x, y in zip(left, right, strict=True)) / lengths if lengths else 0.0


def _admits(wanted: dict[str, Any], metadata: dict[str, Any]) -> bool:
    for name, condition in wanted.items():
        if name in ("$and", "$or"):
            if not (all if name == "$and" else any)(_admits(each, metadata) for each in condition):
                return False
            continue
        tests = condition if isinstance(condition, dict) else {"$eq": condition}
        if name not in metadata or not all(_COMPARE[op](metadata[name], value) for op, value in tests.items()):
            return False
    return True


@contextmanager
def serve(**options: Any) -> Iterator[PineconeServer]:
    """Run a server on a free port of loopback."""
    state = PineconeServer(**options)

    class Edge(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            query = parse_qs(split.query)
            body: dict[str, Any] = {name: values[0] for name, values in query.items() if name != "ids"}
            self._answer(split.path, body | {"ids": query.get("ids", [])})

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            self._answer(urlsplit(self.path).path, json.loads(self.rfile.read(length) or b"{}"))

        def _answer(self, path: str, body: dict[str, Any]) -> None:
            headers: dict[str, str] = {}
            time.sleep(state.answer_lag_s)
            try:
                asked = Request(path, body, {name.lower(): value for name, value in self.headers.items()})
                status, said = 200, state.answer(asked)
            except Refused as error:
                status, headers = error.status, error.headers
                said = {"error": {"code": "REFUSED", "message": str(error)}, "status": status}
            packed = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Edge)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
