"""Parse a file that nobody vouches for, in a child process with limits and without network."""

import contextlib
import logging
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

from apps.knowledge.parsers.child import EXIT_OUT_OF_MEMORY
from apps.knowledge.parsers.errors import parse_failed_from
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import ParsedDocument
from apps.knowledge.parsers.wire import document_from_json

logger = logging.getLogger(__name__)

DEFAULT_MEMORY_MB = 768
DEFAULT_TIMEOUT_S = 120.0
MAX_FILE_BYTES = 200 * 1024 * 1024
# The largest legal text known here gives 2 MB; what is beyond this is an expansion attack.
MAX_RESULT_BYTES = 64 * 1024 * 1024
_READ_BYTES = 1024 * 1024
_ROOT = Path(__file__).resolve().parents[2]


def parse_file(
    path: Path, *, memory_mb: int = DEFAULT_MEMORY_MB, timeout_s: float = DEFAULT_TIMEOUT_S
) -> ParsedDocument:
    """Read the file at `path` in a child process and return what it holds.

    Raises a ParseFailed subclass that says why: Encrypted, Empty, ScanWithoutText,
    UnsupportedFormat, Broken, TooLarge (memory), TimedOut.
    """
    started = time.monotonic()
    try:
        document = _parse_in_child(Path(path), memory_mb, timeout_s)
    except Refused as refused:
        logger.info("file refused: %s after %.2f s", refused.kind, time.monotonic() - started)
        raise parse_failed_from(refused) from refused
    logger.info(
        "file parsed: %s, %d blocks in %.2f s", document.format, len(document.blocks), time.monotonic() - started
    )
    return document


def _parse_in_child(path: Path, memory_mb: int, timeout_s: float) -> ParsedDocument:
    size = path.stat().st_size
    if size == 0:
        raise Refused("empty")
    if size > MAX_FILE_BYTES:
        raise Refused("too_large")
    read_fd, write_fd = os.pipe()
    try:
        child = _start(path, write_fd, memory_mb, timeout_s)
    except BaseException:
        os.close(read_fd)
        raise
    finally:
        os.close(write_fd)
    try:
        raw = _read_all(read_fd, deadline=time.monotonic() + timeout_s)
        return document_from_json(raw) if raw else _explain_silence(child, memory_mb)
    finally:
        os.close(read_fd)
        _end(child)


def _start(path: Path, write_fd: int, memory_mb: int, timeout_s: float) -> subprocess.Popen[bytes]:
    # A bare environment: the child must not see passwords and keys. One that the interpreter needs
    # to find its libraries is passed on.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    arguments = [str(path.resolve()), str(write_fd), str(memory_mb), str(timeout_s), str(os.getpid())]
    return subprocess.Popen(
        [sys.executable, "-s", "-m", "apps.knowledge.parsers.child", *arguments],
        cwd=_ROOT,
        env=environment,
        pass_fds=(write_fd,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _read_all(read_fd: int, *, deadline: float) -> bytes:
    """Read until the child closes its end; Refused when it is too slow or says too much."""
    pieces: list[bytes] = []
    total = 0
    with selectors.DefaultSelector() as selector:
        selector.register(read_fd, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise Refused("timed_out")
            piece = os.read(read_fd, _READ_BYTES)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            total += len(piece)
            if total > MAX_RESULT_BYTES:
                raise Refused("too_large")


def _explain_silence(child: subprocess.Popen[bytes], memory_mb: int) -> ParsedDocument:
    """Raise what the death of a child that sent nothing means."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode == -signal.SIGXCPU:
        raise Refused("timed_out")
    resident_mb = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    # The kernel counts what this process held when it made the child as the child's: only what is above is its own.
    is_own = usage.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # PDFium aborts when an allocation fails, so a crash near the limit is one of memory.
    is_crash_near_limit = child.returncode < 0 and is_own and resident_mb > 0.7 * memory_mb
    if child.returncode == EXIT_OUT_OF_MEMORY or is_crash_near_limit:
        raise Refused("too_large")
    raise Refused("broken")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child's whole group and collect it."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
