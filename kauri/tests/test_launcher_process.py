"""Processes: recognised by number and start, ended with everything below them."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from kauri.launcher.process import (
    Command,
    Record,
    is_alive,
    kill_all,
    record_read,
    record_write,
    spawn,
    started_at,
    stop,
    wait_until,
)

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([{sys.executable!r}, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def record_of(process: subprocess.Popen[bytes]) -> Record:
    started = started_at(process.pid)
    assert started is not None
    return Record(process.pid, started)


def test_a_record_survives_the_file(tmp_path: Path) -> None:
    record = Record(123, 456.5, "/tmp/kauri-x")
    record_write(tmp_path / "run" / "web.json", record)
    assert record_read(tmp_path / "run" / "web.json") == record


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"colour": 2}'])
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "web.json"
    path.write_text(content)
    assert record_read(path) is None


def test_a_later_process_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    process = spawn(Command(argv=SLEEP, cwd=tmp_path))
    earlier = replace(record_of(process), started=record_of(process).started - 3600)
    stop(earlier, stop_signal=signal.SIGTERM, timeout_s=1)
    assert process.poll() is None
    stop(record_of(process), stop_signal=signal.SIGTERM, timeout_s=5)
    assert process.wait(timeout=5) == -signal.SIGTERM


def test_stop_ends_the_descendants_too(tmp_path: Path) -> None:
    log = tmp_path / "parent.log"
    process = spawn(Command(argv=(sys.executable, "-c", PARENT), cwd=tmp_path, log=log))
    assert wait_until(lambda: log.read_text().strip() != "", timeout_s=10)
    child = int(log.read_text())
    stop(record_of(process), stop_signal=signal.SIGTERM, timeout_s=5)
    process.wait(timeout=5)
    assert wait_until(lambda: started_at(child) is None, timeout_s=5)


def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    log = tmp_path / "deaf.log"
    process = spawn(Command(argv=(sys.executable, "-c", deaf), cwd=tmp_path, log=log))
    assert wait_until(lambda: log.read_text() != "", timeout_s=10)
    began = time.monotonic()
    stop(record_of(process), stop_signal=signal.SIGTERM, timeout_s=0.3)
    assert process.wait(timeout=5) == -signal.SIGKILL
    assert time.monotonic() - began < 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path.cwd())!r})
from kauri.launcher.process import Command, spawn
print(spawn(Command(argv={SLEEP!r}, cwd=Path("."))).pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert wait_until(lambda: started_at(child) is None, timeout_s=5)


def test_a_zombie_is_not_alive(tmp_path: Path) -> None:
    process = spawn(Command(argv=SLEEP, cwd=tmp_path))
    record = record_of(process)
    kill_all([record])
    assert wait_until(lambda: psutil.Process(record.pid).status() == psutil.STATUS_ZOMBIE, timeout_s=5)
    assert not is_alive(record)
    process.wait()
