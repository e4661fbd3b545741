"""Keeps the words in use level with what curators write: no question asks the database for them.

A thread looks twice a second whether the table changed, and then replaces the snapshot that all questions read.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.db import Error as DatabaseError
from django.db import connections

from apps.rag.stores.lexicon import curated_groups, curated_mark
from apps.rag.understanding.lexicon import lexicon_use

logger = logging.getLogger(__name__)

_INTERVAL_S = 0.5


class CuratedWords:
    """Follows the table of curators' words in a thread of its own."""

    def __init__(self) -> None:
        self._mark: tuple[int, int, datetime | None] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> None:
        """Read the table if it changed. Without a database what was read before stands."""
        try:
            # the mark first: what is written meanwhile changes it again
            mark = curated_mark()
            if mark != self._mark:
                lexicon_use(curated_groups())
                self._mark = mark
        except DatabaseError:
            logger.warning("the curators' words cannot be read", exc_info=True)

    def start(self) -> None:
        """Begin to follow; a second call changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="kauri-lexicon", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after its present step."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(_INTERVAL_S):
            try:
                self.step()
            except Exception:
                # a thread that ended here would leave curators' words unread, and nobody would see it
                logger.exception("the curators' words cannot be used")
            finally:
                connections.close_all()
