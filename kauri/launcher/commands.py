"""The command lines of Kauri's own processes."""

import signal
import sys
from pathlib import Path

from kauri.launcher.options import UpOptions
from kauri.launcher.supervisor import Child
from kauri.launcher.texts import BASE_DIR

SAMPLES = BASE_DIR / "samples"

# Ten seconds for everything: three for the web process, three for the worker, the rest for the stores.
WEB_DRAIN_S = 2
WORKER_DRAIN_S = 2
N_WORKER_PROCESSES = 2


def _environment(options: UpOptions) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "kauri.settings",
        "KAURI_DB_ROLE": "app",
        "KAURI_PORT": str(options.port),
        "KAURI_VAR_DIR": str(options.var_dir),
        "PYTHONUNBUFFERED": "1",
    }


def web(options: UpOptions) -> Child:
    """Return the web process; it has WEB_DRAIN_S to end its open streams."""
    log_config = Path(__file__).with_name("uvicorn_log.json")  # leaves the format to kauri.observability
    argv = (
        *(sys.executable, "-m", "kauri.launcher.web", "kauri.asgi:application"),
        *("--host", options.host, "--port", str(options.port)),
        *("--lifespan", "on", "--no-access-log", "--no-server-header", "--log-config", str(log_config)),
        *("--timeout-graceful-shutdown", str(WEB_DRAIN_S)),
    )
    # Its answers end first, so that those which do not can still be saved as interrupted.
    environment = {**_environment(options), "KAURI_DRAIN_S": str(WEB_DRAIN_S / 2)}
    return Child(name="web", argv=argv, environment=environment, stop_timeout_s=WEB_DRAIN_S + 1)


def worker(options: UpOptions) -> Child:
    """Return the worker with beat inside; a task that WORKER_DRAIN_S does not suffice for is run again."""
    argv = (
        *(sys.executable, "-m", "celery", "--quiet", "-A", "kauri", "worker", "-B"),
        *("--concurrency", str(N_WORKER_PROCESSES), "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
    )
    environment = {
        **_environment(options),
        "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT": str(WORKER_DRAIN_S),
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",  # root is supported
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS ends forked pool processes without it
    }
    # SIGQUIT is Celery's soft shutdown: wait that long, then give the tasks back.
    return Child(
        name="worker",
        argv=argv,
        environment=environment,
        stop_signal=signal.SIGQUIT,
        stop_timeout_s=WORKER_DRAIN_S + 1,
    )


def samples_import(options: UpOptions) -> Child:
    """Return the import of the sample documents, which runs once and may run again."""
    argv = (
        *(sys.executable, "manage.py", "kb_import", str(SAMPLES / "documents")),
        *("--manifest", str(SAMPLES / "manifest.jsonl")),
    )
    return Child(name="import", argv=argv, environment=_environment(options))
