"""`manage.py up`, whole: first and second start, crashes of every part, and an end that leaves nothing."""

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from e2e.stack import Stack, until

RECOVERED_WITHIN_S = 40


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("up"), "--no-samples")
    try:
        yield stack.start()
    finally:
        stack.stop()


def processes_of(stack: Stack) -> list[str]:
    """Return every live process that works on the stack's folder."""
    found = []
    sockets = {str(path) for path in sockets_of(stack)}
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        is_ours = (process.info["environ"] or {}).get("KAURI_VAR_DIR") == str(stack.var_dir)
        is_named = str(stack.var_dir) in words or any(path in words for path in sockets)
        if process.info["status"] != psutil.STATUS_ZOMBIE and (is_ours or is_named):
            found.append(f"{process.pid} {words}")
    return found


def sockets_of(stack: Stack) -> list[Path]:
    services = stack.var_dir / "run" / "services.json"
    if not services.exists():
        return []
    urls = json.loads(services.read_text())
    folders = re.findall(r"host=([^&]+)|unix://(.+)/[a-z]+\.sock", " ".join(map(str, urls.values())))
    return [Path(one or other) for one, other in folders]


def restart(stack: Stack) -> float:
    began = time.monotonic()
    stack.start()
    return time.monotonic() - began


def test_the_first_start_prints_one_password_each(own_stack: Stack) -> None:
    # After the address, where they are seen, and not before the lines of the start.
    until(lambda: own_stack.log().count("@kauri.example") == 2, timeout_s=10, what="both passwords")
    assert own_stack.log().index(f" {own_stack.url}") < own_stack.log().index("@kauri.example")
    # token_urlsafe(12) has 16 characters
    passwords = [
        re.findall(rf"{name}@kauri\.example .* ([\w-]{{16}}) ", own_stack.log()) for name in ("curateur", "demo")
    ]
    assert [len(found) for found in passwords] == [1, 1]
    assert passwords[0] != passwords[1]


def test_lines_are_prefixed(own_stack: Stack) -> None:
    lines = own_stack.log().splitlines()
    assert all(re.match(r"^[a-z]+ +\| ", line) for line in lines), [line for line in lines if "|" not in line][:3]
    assert {"kauri", "web"} <= {line.split(" ", 1)[0] for line in lines}


def test_doctor_finds_nothing_missing(own_stack: Stack) -> None:
    until(
        lambda: own_stack.manage("doctor", "--json", is_ok=False).returncode == 0,
        timeout_s=60,
        what="doctor content, the worker included",
    )


def test_a_second_up_is_refused(own_stack: Stack) -> None:
    finished = own_stack.manage("up", "--var-dir", str(own_stack.var_dir), is_ok=False)
    assert finished.returncode == 3
    assert len(finished.stdout.splitlines()) == 1
    assert own_stack.is_ready()


@pytest.mark.parametrize("name", ["web", "worker", "postgres", "valkey-state", "valkey-cache"])
def test_what_is_killed_comes_back(own_stack: Stack, name: str) -> None:
    killed = own_stack.pid_of(name)
    os.kill(killed, signal.SIGKILL)

    def is_back() -> bool:
        record = own_stack.var_dir / "run" / f"{name}.json"
        return record.exists() and own_stack.pid_of(name) != killed and own_stack.is_ready()

    until(is_back, timeout_s=RECOVERED_WITHIN_S, what=f"{name} started again")


def test_sigterm_stops_everything_and_a_second_start_is_quick(own_stack: Stack) -> None:
    sockets = sockets_of(own_stack)
    assert own_stack.process is not None
    began = time.monotonic()
    own_stack.process.send_signal(signal.SIGTERM)
    assert own_stack.process.wait(15) == 0
    assert time.monotonic() - began < 10
    assert processes_of(own_stack) == []
    assert [path for path in sockets if path.exists()] == []
    n_passwords = own_stack.log().count("@kauri.example")
    assert restart(own_stack) < 10
    assert own_stack.log().count("@kauri.example") == n_passwords


def test_after_kill_9_of_up_the_next_start_recovers(own_stack: Stack) -> None:
    assert own_stack.process is not None
    before = {name: own_stack.pid_of(name) for name in ("web", "worker", "postgres")}
    own_stack.process.kill()
    own_stack.process.wait()
    restart(own_stack)
    assert httpx.get(own_stack.url).status_code == 200
    assert [name for name, pid in before.items() if own_stack.pid_of(name) == pid] == []
    assert len([line for line in processes_of(own_stack) if "uvicorn" in line]) == 1
    assert len([line for line in processes_of(own_stack) if "bin/postgres -D" in line]) == 1


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    with socket.create_server(("127.0.0.1", stack.port)):
        finished = stack.manage("up", "--port", str(stack.port), "--var-dir", str(stack.var_dir), is_ok=False)
    assert finished.returncode == 1
    assert str(stack.port) in finished.stdout
    assert not (stack.var_dir / "postgres").exists()
