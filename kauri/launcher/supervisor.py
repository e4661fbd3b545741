"""Keep children and stores running, and stop them in order."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kauri.launcher.console import Console
from kauri.launcher.folders import folder_make, log_tail
from kauri.launcher.process import Record, death_notice, record_read, record_write, started_at, stop
from kauri.launcher.refusal import REFUSED
from kauri.launcher.texts import _

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 30.0  # a child that ran this long starts again with the shortest pause
STORE_POLL_S = 0.5
EXIT_POLL_S = 0.05
LONGEST_LINE = 2**20
PIECE_BYTES = 2**16
STRAY_TIMEOUT_S = 3.0


class Store(Protocol):
    """An embedded server as the supervisor sees it."""

    log: Path

    @property
    def name(self) -> str: ...
    def spawn(self) -> None: ...
    def is_running(self) -> bool: ...
    def is_ready(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep. It is asked by `stop_signal` and killed after `stop_timeout_s`."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 3.0


class Supervisor:
    """Children in the order in which they stop, and the stores that are started again while they run.

    A child that ends with REFUSED is not started again: everything stops, and `refused` holds its name.
    """

    def __init__(
        self,
        *,
        run_dir: Path,
        cwd: Path,
        console: Console,
        children: Sequence[Child],
    ) -> None:
        self._run_dir = folder_make(run_dir)
        self._cwd = cwd
        self.console = console
        self._children = tuple(children)
        self.refused = ""
        self._running: dict[str, tuple[Child, asyncio.subprocess.Process]] = {}
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    def stop_strays(self, *extra: Child) -> None:
        """End the children (and `extra` ones) that a killed supervisor left behind on the same folder."""
        for child in (*self._children, *extra):
            record = record_read(self._record_path(child.name))
            if record:
                stop(record, stop_signal=child.stop_signal, timeout_s=STRAY_TIMEOUT_S)
            self._record_path(child.name).unlink(missing_ok=True)

    async def run(self, *jobs: Coroutine[None, None, None], stores: Sequence[Store] = ()) -> None:
        """Start the children, keep everything running until a signal asks for the end, then stop it all.

        `jobs` run beside them and are cancelled at the end. The stores are left to the caller, who
        started them.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.ask_to_stop)
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        beside = [asyncio.create_task(work) for work in (*jobs, *map(self._watch, stores))]
        try:
            await self._stopping.wait()
        finally:
            self._stopping.set()
            for task in beside:
                task.cancel()
            for name in (*self._extra_names(), *(child.name for child in self._children)):
                await self._stop_child(name)
            await asyncio.gather(*beside, *keepers, return_exceptions=True)

    def ask_to_stop(self) -> None:
        """Stop everything in order; asked a second time, kill without waiting."""
        if self._stopping.is_set():
            self._hurry.set()
        else:
            self.console.say(_("Stopping."))
        self._stopping.set()

    async def run_once(self, child: Child) -> int:
        """Run a child to its end with its lines prefixed; return its exit status."""
        process = await self._start(child)
        pump = asyncio.create_task(self._pump(child.name, process))
        try:
            status = await _exit_status(process)
        finally:
            self._forget(child.name, process)
        with suppress(TimeoutError):  # a grandchild may hold the pipe open
            await asyncio.wait_for(pump, timeout=1)
        return status

    async def _keep(self, child: Child) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self.run_once(child)
            if self._stopping.is_set():
                return
            if status == REFUSED:
                self.refused = child.name
                self.ask_to_stop()
                return
            pause_s = FIRST_PAUSE_S if time.monotonic() - began > STEADY_AFTER_S else pause_s
            self.console.line(child.name, _ended(status, pause_s))
            await self._pause(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _watch(self, store: Store) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            await asyncio.sleep(STORE_POLL_S)
            if store.is_running():
                continue
            self.console.line(store.name, log_tail(store.log))
            self.console.line(store.name, _("Ended; starting again in %(seconds)s s.") % {"seconds": pause_s})
            await asyncio.sleep(pause_s)
            # In this thread: a server is told to end when the thread that started it does.
            store.spawn()
            await asyncio.sleep(1)
            is_up = await asyncio.to_thread(store.is_ready)
            pause_s = FIRST_PAUSE_S if is_up else min(pause_s * 2, LONGEST_PAUSE_S)

    async def _start(self, child: Child) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *child.argv,
            cwd=self._cwd,
            env={**os.environ, **child.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal reaches the supervisor alone
            preexec_fn=death_notice(child.stop_signal),
        )
        self._running[child.name] = (child, process)
        started = started_at(process.pid)
        if started is not None:
            record_write(self._record_path(child.name), Record(process.pid, started))
        return process

    async def _pump(self, name: str, process: asyncio.subprocess.Process) -> None:
        stream = process.stdout
        unfinished = b""
        # Not readline(): a line beyond the reader's limit would stop it.
        while stream is not None and (piece := await stream.read(PIECE_BYTES)):
            *lines, unfinished = (unfinished + piece).split(b"\n")
            if len(unfinished) > LONGEST_LINE:
                lines, unfinished = [*lines, unfinished], b""
            for line in lines:
                self.console.line(name, line.decode("utf-8", "replace"))
        if unfinished:
            self.console.line(name, unfinished.decode("utf-8", "replace"))

    def _extra_names(self) -> list[str]:
        kept = {child.name for child in self._children}
        return [name for name in self._running if name not in kept]

    async def _stop_child(self, name: str) -> None:
        if name not in self._running:
            return
        child, process = self._running[name]
        with suppress(ProcessLookupError):
            process.send_signal(child.stop_signal)
        ended = asyncio.create_task(_exit_status(process))
        hurried = asyncio.create_task(self._hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=child.stop_timeout_s, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        self._kill_group(process.pid)
        await ended

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), timeout=seconds)

    def _forget(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._kill_group(process.pid)  # pool processes of a worker that was killed
        self._running.pop(name, None)
        self._record_path(name).unlink(missing_ok=True)

    @staticmethod
    def _kill_group(pid: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

    def _record_path(self, name: str) -> Path:
        return self._run_dir / f"{name}.json"


async def _exit_status(process: asyncio.subprocess.Process) -> int:
    # Not wait(): it also waits for the pipe, which a killed child's own children may hold open.
    while process.returncode is None:  # noqa: ASYNC110 - asyncio has no event for it
        await asyncio.sleep(EXIT_POLL_S)
    return process.returncode


def _ended(status: int, pause_s: float) -> str:
    how = signal.Signals(-status).name if status < 0 else str(status)
    return _("Ended (%(how)s); starting again in %(seconds)s s.") % {"how": how, "seconds": pause_s}
