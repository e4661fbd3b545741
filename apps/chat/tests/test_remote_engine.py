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

SECRET = "a secret that both processes have been given"


class EngineProcess:
    """`manage.py rag_serve`, which may end and come back on the same port."""

    def __init__(self, database: LiveDatabase, var_dir: Path) -> None:
        self.port = free_port()
        self.var_dir = var_dir
        self._environment = {
            "DATABASE_URL": database.url,
            "EMBEDDER": "none",
            "KAURI_RAG_SECRET": SECRET,
            "KAURI_VAR_DIR": str(var_dir),
            "KAURI_DRAIN_S": "1",
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
def engine_process(live_database: LiveDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    process = EngineProcess(live_database, tmp_path_factory.mktemp("rag"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def chat_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chat")


@pytest.fixture(scope="module")
def chat(live_database: LiveDatabase, engine_process: EngineProcess, chat_dir: Path) -> Iterator[WebProcess]:
    process = WebProcess(
        live_database,
        KAURI_ROLE="chat",
        KAURI_RAG_URL=f"grpc://127.0.0.1:{engine_process.port}",
        KAURI_RAG_SECRET=SECRET,
        KAURI_VAR_DIR=str(chat_dir),
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


def test_without_the_engine_a_question_fails_in_words_and_works_again_when_it_is_back(
    chat: WebProcess, engine_process: EngineProcess, owner: Person
) -> None:
    unasked = "Qui est responsable des dettes d’une société anonyme ?"
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
