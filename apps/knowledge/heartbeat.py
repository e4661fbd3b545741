"""Whether a worker is there to take imports: it says so every few seconds in the state store."""

import logging
import threading
import time

from django.core.cache import caches

logger = logging.getLogger(__name__)

KEY = "worker:heartbeat"
PERIOD_S = 5.0
# A worker that missed three beats is gone.
FRESH_S = 16.0

_stop = threading.Event()


def begin() -> None:
    """Start saying that this process is a worker, from a thread that lives as long as it."""
    _stop.clear()
    threading.Thread(target=_beat, name="worker-heartbeat", daemon=True).start()


def end() -> None:
    """Stop, so that importing commands know at once."""
    _stop.set()
    caches["state"].delete(KEY)


def is_worker_alive() -> bool:
    """Tell whether any worker gave a sign of life lately; False too when the state store is away."""
    seen = caches["state"].get(KEY)
    return seen is not None and time.time() - float(seen) < FRESH_S


def _beat() -> None:
    while not _stop.is_set():
        try:
            caches["state"].set(KEY, time.time(), timeout=60)
        except Exception:
            logger.exception("worker heartbeat failed")
        _stop.wait(PERIOD_S)
