"""Processes that outlive a crash of their parent: spawn, record, recognise, stop."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

# psutil reads a process's start from the boot time, which a clock correction moves by a little.
START_TOLERANCE_S = 2.0
POLL_INTERVAL_S = 0.02
KILL_TIMEOUT_S = 5.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """The system account a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """One process to start. `death_signal` reaches it when the thread that started it ends (Linux)."""

    argv: tuple[str, ...]
    cwd: Path
    log: Path | None = None
    account: Account | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    death_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Record:
    """A process as written to `var/run`: enough to recognise it after a crash of its parent.

    `started` is in seconds since the epoch; `socket_dir` is empty for children without sockets.
    """

    pid: int
    started: float
    socket_dir: str = ""


def death_notice(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child runs between fork and exec so that it does not outlive its parent."""
    if _libc is None:
        return None
    parent = os.getpid()
    prctl = _libc.prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent died before the line above
            os._exit(1)

    return ask


def die_with_parent() -> None:
    """Ask that the calling process be killed when its parent ends (Linux; elsewhere nothing happens)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output appended to its log.

    Call it from a thread that lives as long as the child should (see `Command`).
    """
    account = command.account
    output = command.log.open("ab") if command.log else None
    try:
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=() if account else None,
            preexec_fn=death_notice(command.death_signal),  # noqa: PLW1509 - one prctl, which takes no lock
        )
    finally:
        if output:
            output.close()


def started_at(pid: int) -> float | None:
    """Return when the process began, or None when there is no such live process."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(record: Record) -> bool:
    """Tell whether the recorded process, and not a later one with its number, still runs."""
    started = started_at(record.pid)
    return started is not None and abs(started - record.started) < START_TOLERANCE_S


def record_write(path: Path, record: Record) -> None:
    """Write the record whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
    draft.replace(path)


def record_read(path: Path) -> Record | None:
    """Read a record; a missing or damaged one counts as none."""
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def stop(record: Record, *, stop_signal: signal.Signals, timeout_s: float) -> None:
    """End a recorded process and everything that it started: ask, wait, then kill."""
    family = family_of(record)
    if is_alive(record):
        _send(record.pid, stop_signal)
        wait_until(lambda: not is_alive(record), timeout_s=timeout_s)
    kill_all([record, *family])
    wait_until(lambda: not any(map(is_alive, [record, *family])), timeout_s=KILL_TIMEOUT_S)


def reap(child: subprocess.Popen[bytes], *, stop_signal: signal.Signals, timeout_s: float) -> None:
    """Take leave of a child of this process; one that still runs, its record lost, is stopped as a recorded one is."""
    started = started_at(child.pid) if child.poll() is None else None
    if started is not None:
        stop(Record(child.pid, started), stop_signal=stop_signal, timeout_s=timeout_s)
    child.wait()


def family_of(record: Record) -> tuple[Record, ...]:
    """Return the live processes that a recorded one started, also when it is dead itself.

    They are its descendants, while it lives, and the members of its process group: as long as one
    of those lives, the system gives the group's number to no other process.
    """
    leader_started = started_at(record.pid)
    if leader_started is not None and not is_alive(record):
        return ()  # the number belongs to somebody else by now
    found = {child.pid for child in _descendants(record.pid)}
    found.update(pid for pid in psutil.pids() if _group_of(pid) == record.pid)
    starts = ((pid, started_at(pid)) for pid in found - {record.pid})
    return tuple(Record(pid, started) for pid, started in starts if started is not None)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def kill_all(records: Sequence[Record]) -> None:
    """Kill what is left of a family; those that have ended are passed over."""
    for record in records:
        if is_alive(record):
            _send(record.pid, signal.SIGKILL)


def wait_until(is_done: Callable[[], bool], *, timeout_s: float) -> bool:
    """Poll until `is_done()`; return whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not is_done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
