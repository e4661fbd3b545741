"""A chat process and an engine process: the question goes over gRPC, and nothing of the engine lies with the chat."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from apps.chat.tests.live import LiveDatabase, Person, WebProcess, ask, free_port, read_stream, text_of
from apps.rag.grpc.server import SERVICE
from apps.rag.tests.collector import Collector, Tree, collecting, words_of

SECRET = "a secret that both processes have been given"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class EngineProcess:
    """`manage.py rag_serve`, which may end and come back on the same port."""

    def __init__(self, database: LiveDatabase, var_dir: Path, **environment: str) -> None:
        self.port = free_port()
        self.var_dir = var_dir
        self._environment = {
            "DATABASE_URL": database.url,
            "EMBEDDER": "none",
            "KAURI_RAG_SECRET": SECRET,
            "KAURI_VAR_DIR": str(var_dir),
            "KAURI_DRAIN_S": "1",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "manage.py", "rag_serve", "--port", str(self.port)]
        self._process = subprocess.Popen(command, env={**os.environ, **self._environment})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self._process.poll() is None, "the engine process ended at its start"
            with suppress(grpc.RpcError), grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
                asked = health_pb2.HealthCheckRequest(service=SERVICE)
                states = health_pb2.HealthCheckResponse
                if health_pb2_grpc.HealthStub(channel).Check(asked, timeout=2).status == states.SERVING:
                    return
            time.sleep(0.1)
        raise AssertionError("the engine does not serve")

    def stop(self) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=30)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def engine_process(
    live_database: LiveDatabase, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EngineProcess]:
    folder = tmp_path_factory.mktemp("rag")
    process = EngineProcess(live_database, folder, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def chat_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chat")


@pytest.fixture(scope="module")
def chat(
    live_database: LiveDatabase, engine_process: EngineProcess, chat_dir: Path, collector: Collector
) -> Iterator[WebProcess]:
    process = WebProcess(
        live_database,
        KAURI_ROLE="chat",
        KAURI_RAG_URL=f"grpc://127.0.0.1:{engine_process.port}",
        KAURI_RAG_SECRET=SECRET,
        KAURI_VAR_DIR=str(chat_dir),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
    )
    process.start()
    yield process
    process.stop()


def _engine_health(client: httpx.Client) -> dict[str, Any]:
    checks: dict[str, dict[str, Any]] = client.get("/v1/health/ready").json()["checks"]
    return checks["engine"]


def _end_of(events: list[Any]) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(events[-1].data)
    return fields


def test_a_question_to_the_chat_is_answered_by_the_engine(
    chat: WebProcess, engine_process: EngineProcess, chat_dir: Path, owner: Person
) -> None:
    with chat.client(owner) as client:
        events = read_stream(client, ask(client).json()["stream_url"])
        assert events[-1].name == "response.completed"
        assert "un million de francs CFA" in text_of(events)
        assert any(event.name == "response.output_text.annotation.added" for event in events)
        assert _engine_health(client)["status"] == "ok"
        assert _engine_health(client)["index_revision"] > 0
    assert (engine_process.var_dir / "index").is_dir()
    assert not (chat_dir / "index").exists()


def test_one_trace_goes_from_the_request_through_both_processes(
    chat: WebProcess, collector: Collector, owner: Person
) -> None:
    with chat.client(owner, traceparent=f"00-{TRACE}-b7ad6b7169203331-01") as client:
        asked = ask(client, "Que dit l’article 387 de l’AUSCGIE ?").json()
        read_stream(client, asked["stream_url"])
    deadline = time.monotonic() + 10
    wanted = {"Save to DB", "LLM Generation", "Chatbot API Service"}
    while time.monotonic() < deadline:
        spans = [span for span in tuple(collector.spans) if span.trace_id.hex() == TRACE]
        if wanted <= {span.name for span in spans}:
            break
        time.sleep(0.1)
    request = next(span for span in spans if span.name == "POST /v1/chat/query")
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    stages: Tree = {
        "Intent Classification": {},
        "Query Reformulation": {},
        "Hybrid Search": {"BM25 Search": {}, "Reranking": {}},
        "LLM Generation": {},
    }
    assert collector.tree(request) == {"Chatbot API Service": {"RAG Engine Service": stages, "Save to DB": {}}}
    assert {resource["kauri.role"] for resource in collector.resources} == {"chat", "all"}
    assert "387" not in words_of(spans)


def test_without_the_engine_a_question_fails_in_words_and_works_again_when_it_is_back(
    chat: WebProcess, engine_process: EngineProcess, owner: Person
) -> None:
    unasked = "Que dit l’article 385 de l’AUSCGIE ?"
    with chat.client(owner) as client:
        assert engine_process.stop() == 0
        began = time.monotonic()
        events = read_stream(client, ask(client, unasked).json()["stream_url"])
        assert time.monotonic() - began < 10
        assert events[-1].name == "response.failed"
        error = _end_of(events)
        assert error["code"] == "retrieval_unavailable"
        assert error["retryable"] is True
        assert client.get("/v1/health/ready").status_code == 200

        engine_process.start()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            events = read_stream(client, ask(client, unasked).json()["stream_url"])
            if events[-1].name == "response.completed":
                break
        assert "concurrence de leurs apports" in text_of(events)


@pytest.mark.parametrize("role", ["chat", "knowledge"])
def test_a_role_without_an_engine_refuses_to_start(role: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "uvicorn", "kauri.asgi:application", "--port", str(free_port())],
        env={**os.environ, "KAURI_ROLE": role, "KAURI_VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode != 0
    assert "KAURI_RAG_URL is missing" in run.stderr
    assert "Traceback" not in run.stderr
