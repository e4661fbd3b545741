"""Without Valkey the answer comes whole at its end; nothing is lost."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.chat.tests.conftest import web_environment
from apps.chat.tests.live import LiveDatabase, Person, WebProcess, ask, read_stream, saved, text_of
from apps.rag.tests.providers import ProviderServer
from kauri.launcher.valkey import EmbeddedValkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path, "state")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_web(
    valkey: EmbeddedValkey, live_database: LiveDatabase, provider: ProviderServer, tmp_path: Path
) -> Iterator[WebProcess]:
    process = WebProcess(live_database, REDIS_STATE_URL=valkey.url, **web_environment(provider, tmp_path / "var"))
    process.start()
    yield process
    process.stop()


def test_an_answer_comes_whole_when_valkey_goes_away(
    own_web: WebProcess, valkey: EmbeddedValkey, owner: Person, provider: ProviderServer
) -> None:
    provider.delay_s = 0.15
    with own_web.client(owner) as client:
        asked = ask(client).json()
        first = read_stream(client, asked["stream_url"], n=2)
        valkey.stop()
        rest = read_stream(client, asked["stream_url"], headers={"Last-Event-ID": first[-1].id})
        answer = saved(client, asked["response_id"])
        assert rest[-1].name == "response.completed"
        assert text_of([*first, *rest]) == answer["text"]

        # A question that begins without it, in all three shapes.
        events = read_stream(client, ask(client).json()["stream_url"])
        assert [event.id for event in events] == [f"{seq}-0" for seq in range(1, len(events) + 1)]
        assert client.post("/v1/chat/query", json={"question": "Que dit l’article 385 de l’AUSCGIE ?"}).json()["text"]
        health = client.get("/v1/health/ready")
        assert health.status_code == 200
        assert health.json()["checks"]["state"]["status"] == "degraded"


def test_a_valkey_that_hangs_costs_a_question_little_time(
    own_web: WebProcess, valkey: EmbeddedValkey, owner: Person, tmp_path: Path
) -> None:
    pid = json.loads((tmp_path / "run" / f"valkey-{valkey.role}.json").read_text())["pid"]
    with own_web.client(owner) as client:
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            asked = ask(client).json()
            assert client.get(f"/c/{asked['conversation_id']}/").status_code == 200
            events = read_stream(client, asked["stream_url"])
            elapsed_s = time.monotonic() - began
        finally:
            os.kill(pid, signal.SIGCONT)
    assert events[-1].name == "response.completed"
    # sixteen seconds where every call to it waits its turn, two where the first one tells the others
    assert elapsed_s < 4
