"""What must hold before anything is started, each failure one sentence."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kauri.launcher.errors import AlreadyRunning, LaunchError, gettext_noop
from kauri.launcher.folders import folder_make


def folders_check(var_dir: Path) -> None:
    """Make `var`, private to its owner, and the folders that must be there from the start, or raise LaunchError."""
    folder_make(var_dir, mode=0o700)
    folder_make(var_dir / "run", mode=0o700)


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it however this process ends.

    Raises AlreadyRunning, with the other's process number, when it is held.
    """
    path = var_dir / "run" / "up.lock"
    with path.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise AlreadyRunning(
                gettext_noop(
                    "Kauri already runs on %(folder)s (process %(pid)s): stop it first, or give another --var-dir."
                ),
                folder=var_dir,
                pid=lock.read().strip() or "?",
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def port_check(host: str, port: int) -> None:
    """Bind the port for a moment; raise LaunchError when it is taken or may not be used."""
    if not 1 <= port <= 65535:
        raise LaunchError(gettext_noop("There is no port %(port)s: give --port a number from 1 to 65535."), port=port)
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise LaunchError(
            gettext_noop("Port %(port)s is reserved: give --port a number from 1024 up."), port=port
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LaunchError(
                gettext_noop(
                    "Another program already uses port %(port)s: give another one with --port, "
                    'such as make run ARGS="--port %(other)s".'
                ),
                port=port,
                other=port + 1,
            ) from error
        raise LaunchError(
            gettext_noop("Port %(port)s on %(host)s cannot be used (%(reason)s): give another one with --port."),
            port=port,
            host=host,
            reason=error.strerror,
        ) from error
