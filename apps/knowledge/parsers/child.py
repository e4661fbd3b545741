"""The parsing child process: limits on itself first, then one file, then one JSON message.

Run as `python -m apps.knowledge.parsers.child PATH RESULT_FD MEMORY_MB TIMEOUT_S PARENT_PID`.
No Django is imported here: the process must be quick to start and hold no secrets.
"""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_MIB = 1024 * 1024
# Told to the parent by the exit status, because a process out of memory cannot be trusted to write.
EXIT_OUT_OF_MEMORY = 86

_FORBIDDEN_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")


def _set_limits(memory_mb: int, timeout_s: float) -> None:
    cpu_s = int(timeout_s) + 1
    wanted = {
        resource.RLIMIT_AS: memory_mb * _MIB,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for limit, value in wanted.items():
        _, hard = resource.getrlimit(limit)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(limit, (ceiling, ceiling))
        except (ValueError, OSError):
            # macOS refuses some of them (RLIMIT_AS): the watch below holds the memory there.
            continue


def _leave_network() -> None:
    """Move into an empty network namespace where the kernel permits it."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to kill this process with its parent.

    Must come after `_leave_network`: gaining a user namespace's capabilities clears the request.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _forbid(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what no parser needs. Files may be opened for reading only, pipes are no paths."""
    writes = event == "open" and not isinstance(arguments[0], int) and _is_writing(arguments[2])
    if writes or event.startswith(_FORBIDDEN_EVENTS):
        raise PermissionError(event)


def _is_writing(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _peak_bytes() -> int:
    """Return the resident peak of this program.

    Not ru_maxrss on Linux: it outlives exec, so a child of a large worker would begin above its limit.
    """
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123 - no import under limits
        line = next((line for line in status if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def _watch_memory(memory_mb: int, parent_pid: int) -> None:
    """Leave when the resident peak passes the limit or the parent is gone (needed on macOS)."""
    while True:
        if _peak_bytes() > memory_mb * _MIB:
            os._exit(EXIT_OUT_OF_MEMORY)
        if os.getppid() != parent_pid:
            os._exit(1)
        time.sleep(0.1)


def _confine(memory_mb: int, timeout_s: float, parent_pid: int) -> None:
    _leave_network()
    _die_with_parent(parent_pid)
    sys.addaudithook(_forbid)
    watch = threading.Thread(target=_watch_memory, args=(memory_mb, parent_pid), daemon=True)
    watch.start()
    _set_limits(memory_mb, timeout_s)


def _result(path: Path) -> bytes:
    # Imported under the limits: a parser library is part of what is not trusted.
    from apps.knowledge.parsers.refusals import Refused  # noqa: PLC0415 - see above
    from apps.knowledge.parsers.registry import read_document  # noqa: PLC0415 - see above
    from apps.knowledge.parsers.wire import document_to_json, refusal_to_json  # noqa: PLC0415 - see above

    try:
        return document_to_json(read_document(path))
    except Refused as refused:
        return refusal_to_json(refused)
    except MemoryError:
        raise
    except Exception:
        # Whatever a library raises on a damaged file, the file is damaged.
        return refusal_to_json(Refused("broken"))


def main(arguments: list[str]) -> None:
    path, result_fd = Path(arguments[0]), int(arguments[1])
    _confine(int(arguments[2]), float(arguments[3]), int(arguments[4]))
    try:
        message = _result(path)
        with os.fdopen(result_fd, "wb") as pipe:
            pipe.write(message)
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)
    # Skips the libraries' own tear-down, which has been seen to crash after a damaged PDF.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
