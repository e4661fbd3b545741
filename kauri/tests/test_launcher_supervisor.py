"""The supervisor over small real children."""

import asyncio
import io
import os
import signal
import sys
import time
from pathlib import Path
from typing import Self

import pytest

from kauri.launcher.console import Console
from kauri.launcher.process import Command, Record, record_read, record_write, spawn, started_at, wait_until
from kauri.launcher.refusal import REFUSED
from kauri.launcher.supervisor import Child, Supervisor

TALKER = "import time; print('prêt', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('sourd', flush=True); time.sleep(60)"
WITH_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("pid", child.pid, flush=True)
child.wait()
"""


def child(name: str, code: str, *, stop_timeout_s: float = 3.0) -> Child:
    return Child(name=name, argv=(sys.executable, "-c", code), stop_timeout_s=stop_timeout_s)


class Stage:
    """A supervisor, what it printed, and its run."""

    def __init__(self, folder: Path, *children: Child) -> None:
        self.output = io.StringIO()
        self.run_dir = folder / "run"
        console = Console(self.output)
        self.supervisor = Supervisor(run_dir=self.run_dir, cwd=folder, console=console, children=children)
        self.task = asyncio.create_task(self.supervisor.run())

    async def until(self, text: str, *, times: int = 1, timeout_s: float = 15) -> None:
        deadline = time.monotonic() + timeout_s
        while self.output.getvalue().count(text) < times:
            assert time.monotonic() < deadline, self.output.getvalue()
            await asyncio.sleep(0.02)

    def pid(self, name: str) -> int:
        record = record_read(self.run_dir / f"{name}.json")
        assert record is not None
        return record.pid

    async def stop(self) -> float:
        began = time.monotonic()
        self.supervisor.ask_to_stop()
        await self.task
        return time.monotonic() - began

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if not self.task.done():
            await self.stop()


async def test_lines_carry_the_name_of_their_process(tmp_path: Path) -> None:
    async with Stage(tmp_path, child("web", TALKER), child("worker", TALKER)) as stage:
        await stage.until("web      | prêt")
        await stage.until("worker   | prêt")


async def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    async with Stage(tmp_path, child("web", TALKER)) as stage:
        await stage.until("prêt")
        first = stage.pid("web")
        os.kill(first, signal.SIGKILL)
        await stage.until("prêt", times=2)
        assert "SIGKILL" in stage.output.getvalue()
        assert stage.pid("web") != first


async def test_pauses_between_starts_grow(tmp_path: Path) -> None:
    async with Stage(tmp_path, child("web", "raise SystemExit(3)")) as stage:
        await stage.until("(3)", times=3)
        said = [line for line in stage.output.getvalue().splitlines() if "(3)" in line]
        assert ["0.5" in said[0], "1.0" in said[1], "2.0" in said[2]] == [True, True, True]
        assert await stage.stop() < 1, "a pause must not hold up the stop"


async def test_a_killed_childs_own_children_go_with_it(tmp_path: Path) -> None:
    async with Stage(tmp_path, child("worker", WITH_CHILD)) as stage:
        await stage.until("pid ")
        grandchild = int(stage.output.getvalue().split("pid ")[1].split()[0])
        os.kill(stage.pid("worker"), signal.SIGKILL)
        await stage.until("pid ", times=2)
        assert started_at(grandchild) is None


async def test_stop_is_in_order_and_leaves_nothing(tmp_path: Path) -> None:
    async with Stage(tmp_path, child("web", TALKER), child("worker", WITH_CHILD)) as stage:
        await stage.until("prêt")
        await stage.until("pid ")
        pids = [stage.pid("web"), stage.pid("worker"), int(stage.output.getvalue().split("pid ")[1].split()[0])]
        assert await stage.stop() < 5
        assert [started_at(pid) for pid in pids] == [None, None, None]
        assert list(stage.run_dir.glob("*.json")) == []


async def test_what_does_not_listen_is_killed_after_its_time(tmp_path: Path) -> None:
    async with Stage(tmp_path, child("web", DEAF, stop_timeout_s=0.5)) as stage:
        await stage.until("sourd")
        assert 0.4 < await stage.stop() < 3


async def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    async with Stage(tmp_path, child("web", DEAF, stop_timeout_s=30)) as stage:
        await stage.until("sourd")
        os.kill(os.getpid(), signal.SIGTERM)
        await stage.until("Arrêt" if "Arrêt" in stage.output.getvalue() else "kauri")
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(stage.task, timeout=5)


async def test_a_very_long_line_does_not_end_the_log(tmp_path: Path) -> None:
    code = "print('x' * 3_000_000, flush=True); print('après', flush=True); import time; time.sleep(60)"
    async with Stage(tmp_path, child("web", code)) as stage:
        await stage.until("après")
        assert stage.output.getvalue().count("x") == 3_000_000


@pytest.mark.parametrize("is_leader_dead", [False, True])
async def test_strays_of_a_killed_supervisor_are_ended(tmp_path: Path, *, is_leader_dead: bool) -> None:
    log = tmp_path / "worker.log"
    stray = spawn(Command(argv=(sys.executable, "-c", WITH_CHILD), cwd=tmp_path, log=log))
    started = started_at(stray.pid)
    assert started is not None
    record_write(tmp_path / "run" / "worker.json", Record(stray.pid, started))
    assert await asyncio.to_thread(wait_until, lambda: "pid" in log.read_text(), timeout_s=10)
    grandchild = int(log.read_text().split()[1])
    if is_leader_dead:
        stray.kill()
    console, kept = Console(io.StringIO()), child("worker", WITH_CHILD)
    later = Supervisor(run_dir=tmp_path / "run", cwd=tmp_path, console=console, children=[kept])
    await asyncio.to_thread(later.stop_strays)
    assert [started_at(stray.pid), started_at(grandchild)] == [None, None]
    stray.wait()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_json_lines_are_made_readable_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    output = io.StringIO()
    monkeypatch.setattr(output, "isatty", lambda: is_terminal)
    raw = '{"event": "turn finished", "level": "info", "turn_id": "7"}'
    Console(output).line("web", raw)
    assert output.getvalue() == f"web      | {'turn finished turn_id=7' if is_terminal else raw}\n"


async def test_a_child_that_refuses_ends_everything_and_is_named(tmp_path: Path) -> None:
    refusing = child("web", f"print('le modèle est un autre', flush=True); raise SystemExit({REFUSED})")
    async with asyncio.timeout(15):
        stage = Stage(tmp_path, child("worker", TALKER), refusing)
        await stage.task
    assert stage.supervisor.refused == "web"
    assert stage.output.getvalue().count("le modèle est un autre") == 1
