"""Single flight over real processes: one computation, one takeover."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from apps.rag import indexer
from apps.rag.tests.entries import article
from apps.rag.tests.providers import ProviderServer, serve

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

N_PROCESSES, N_ASKS = 4, 250
CAPITAL = article("311", "Le capital social de la société à responsabilité limitée est d'un million de francs CFA.")


def test_a_thousand_who_ask_at_once_over_four_processes_make_one_generation(tmp_path: Path) -> None:
    with serve("good", delay_s=0.05) as provider, _children(tmp_path, provider) as children:
        for child in children:
            _say(child, N_ASKS)
        heard = [_hear(child) for child in children]
        assert provider.n_calls == 1
    assert sum(each["n"] for each in heard) == N_PROCESSES * N_ASKS
    answers = {answer for each in heard for answer in each["different"]}
    assert len(answers) == 1, answers
    text, mode, degraded = json.loads(answers.pop())
    assert "un million" in text
    assert (mode, degraded) == ("model", ["lexical_only"])


def test_when_the_computing_process_is_killed_one_other_takes_over(tmp_path: Path) -> None:
    with serve("good", delay_s=0.3) as provider, _children(tmp_path, provider) as children:
        leader, *others = children
        _say(leader, 5)
        _until(lambda: provider.n_open == 1)
        for child in others:
            _say(child, 5)
        time.sleep(0.3)  # they wait by now
        leader.send_signal(signal.SIGKILL)
        heard = [_hear(child) for child in others]
        assert provider.n_calls == 2
    assert all("un million" in answer for each in heard for answer in each["different"])


@contextmanager
def _children(tmp_path: Path, provider: ProviderServer) -> Iterator[list[subprocess.Popen[str]]]:
    indexer.entries_stage([CAPITAL])
    indexer.version_publish(CAPITAL.version_id)
    for url in (settings.REDIS_CACHE_URL, settings.REDIS_STATE_URL):
        with Redis.from_url(url) as valkey:
            valkey.flushdb()
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    database_url = f"{base.rpartition('/')[0]}/{connection.settings_dict['NAME']}?{query}"
    with ExitStack() as stack:
        children = []
        for number in range(N_PROCESSES):
            environment = {
                **os.environ,
                "DATABASE_URL": database_url,
                "DATABASE_OWNER_URL": database_url,
                "KAURI_VAR_DIR": str(tmp_path / str(number)),
                "KAURI_SECRET_KEY": "x" * 50,
                "DJANGO_SETTINGS_MODULE": "kauri.settings",
                "EMBEDDER": "none",
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": provider.url,
            }
            child = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "apps.rag.tests.flight_child"],
                    env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )  # fmt: skip
            stack.callback(child.kill)
            children.append(child)
        for child in children:
            assert _line(child) == "ready"
        yield children


def _say(child: subprocess.Popen[str], n_asks: int) -> None:
    assert child.stdin is not None
    child.stdin.write(f"{n_asks}\n")
    child.stdin.flush()


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def _hear(child: subprocess.Popen[str]) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(_line(child)))


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
