"""The web process is killed in the middle of five turns: none hangs, none is lost, none is answered twice."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from apps.rag.tests.providers import ProviderServer, serve
from e2e.stack import Stack, until

N_TURNS = 5
# The lease of a dead process runs 15 s at most, and a sweeper looks every 2 s.
TOLD_WITHIN_S = 20
TERMINAL = {"response.completed", "response.incomplete", "response.failed"}


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderServer]:
    with serve("slow", delay_s=1.0) as server:
        yield server


@pytest.fixture(scope="module")
def own_stack(provider: ProviderServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environment = {"DEEPSEEK_API_KEY": "loopback", "DEEPSEEK_BASE_URL": provider.url, "EMBEDDER": "none"}
    stack = Stack(tmp_path_factory.mktemp("web-kill"), env=environment).start()
    try:
        until(
            lambda: not (stack.var_dir / "run" / "samples").exists(),
            timeout_s=120,
            what="the sample documents were imported",
        )
        yield stack
    finally:
        stack.stop()


def events_of(client: httpx.Client, url: str, last_id: str = "") -> list[tuple[str, str, dict[str, Any]]]:
    """Read a stream to its end."""
    raw = client.get(url, headers={"Last-Event-ID": last_id}).text
    events = []
    for block in raw.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in fields:
            events.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return events


def first_events(client: httpx.Client, url: str, n: int) -> list[str]:
    """Return the ids of the first events of a stream, and drop it."""
    ids: list[str] = []
    with client.stream("GET", url) as response:
        for line in response.iter_lines():
            if line.startswith("id: "):
                ids.append(line.removeprefix("id: "))
            if len(ids) == n:
                break
    return ids


def test_turns_of_a_killed_process_are_told_and_can_be_run_again(own_stack: Stack, provider: ProviderServer) -> None:
    client = own_stack.signed_up("interrompu@example.com")
    # as of five days: what is asked twice at once is computed once
    asked = [
        {"question": "À quoi correspond le compte 401 ?", "as_of": f"2026-03-0{day}"} for day in range(1, N_TURNS + 1)
    ]
    turns = [
        client.post("/v1/chat/query", json=question, headers={"Prefer": "respond-async"}).json() for question in asked
    ]
    until(lambda: provider.n_open == N_TURNS, timeout_s=20, what="five answers are being written")
    seen = first_events(client, turns[0]["stream_url"], 3)

    os.kill(own_stack.pid_of("web"), signal.SIGKILL)
    until(lambda: not own_stack.is_ready(), timeout_s=10, what="the web process is gone")
    until(own_stack.is_ready, timeout_s=60, what="the web process is back")
    back_at = time.monotonic()

    def answers() -> list[dict[str, Any]]:
        return [client.get(f"/v1/chat/responses/{turn['response_id']}").json() for turn in turns]

    until(
        lambda: all(answer["status"] in {"completed", "incomplete"} for answer in answers()),
        timeout_s=TOLD_WITHIN_S,
        what="every turn is finished or shown as interrupted",
    )
    print(f"all told {time.monotonic() - back_at:.1f} s after the restart")
    for turn, answer in zip(turns, answers(), strict=True):
        assert answer["status"] == "completed" or answer["incomplete_reason"] == "interrupted"
        names = [name for _, name, _ in events_of(client, turn["stream_url"])]
        assert sum(name in TERMINAL for name in names) == 1
        assert names[-1] in TERMINAL
    rest = events_of(client, turns[0]["stream_url"], seen[-1])
    assert rest[-1][1] in TERMINAL
    assert [int(event_id.split("-")[0]) for event_id, _, _ in rest] == list(range(4, 4 + len(rest)))

    provider.mode, provider.delay_s = "good", 0.0
    again = client.post(f"/v1/chat/responses/{turns[0]['response_id']}/regenerate").json()
    assert events_of(client, again["stream_url"])[-1][1] == "response.completed"
    assert own_stack_counts(own_stack) == {
        "answers": N_TURNS + 1,
        "turns": N_TURNS + 1,
        "live": 0,
        "told of": N_TURNS + 1,
        "told twice": 0,
    }
    assert provider.n_calls == N_TURNS + 1


def own_stack_counts(stack: Stack) -> dict[str, int]:
    """Count what the database holds of the turns."""
    services = json.loads((Path(stack.var_dir) / "run" / "services.json").read_text(encoding="utf-8"))
    with psycopg.connect(services["database_url"], autocommit=True) as database:

        def count(query: str) -> int:
            row = database.execute(query).fetchone()
            assert row is not None
            return int(row[0])

        told = database.execute(
            "SELECT payload->>'response_id' FROM lib_outbox_event WHERE type = 'chatbot.query.completed'"
        )
        times = Counter(response_id for (response_id,) in told.fetchall())
        return {
            "answers": count("SELECT count(*) FROM chat_message WHERE role = 'assistant'"),
            "turns": count("SELECT count(*) FROM chat_turn"),
            "live": count("SELECT count(*) FROM chat_turn WHERE state IN ('queued', 'running')"),
            "told of": len(times),
            "told twice": sum(n > 1 for n in times.values()),
        }
