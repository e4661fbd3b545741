"""Which process holds a job, and whether it still lives."""

import os
import socket
from functools import lru_cache
from pathlib import Path


def this_process() -> str:
    """Return a name of this process that no other process ever had: host, pid, start time."""
    # Not cached: a pool process is a fork and inherits every cache.
    return f"{_host()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(owner: str) -> bool:
    """Tell whether `owner` surely ended: it ran on this host and its process is no longer there.

    A killed worker's job is then taken over at once; from other hosts only the lease's end tells.
    """
    host, _, rest = owner.partition(":")
    pid, _, started = rest.partition(":")
    if host != _host() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return _started(int(pid)) != started


@lru_cache(maxsize=1)
def _host() -> str:
    # Containers of one machine may share a host name, never a pid namespace.
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = 0
    return f"{socket.gethostname().replace(':', '-')}-{namespace}"


def _started(pid: int) -> str:
    """Return the start time in clock ticks since boot; empty where the system does not tell (macOS)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # The second field is the command's name in brackets and may hold anything, blanks too.
    fields = stat.rpartition(")")[2].split()
    is_zombie = fields[0] == "Z"
    return "" if is_zombie else fields[19]
