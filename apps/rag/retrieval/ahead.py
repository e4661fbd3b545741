"""Reads the words of passages before anybody asks about them.

Ranking reads each candidate, and keeps what it read. One that it meets for the first time costs a question half a
millisecond, and after a start a question has some thirty of them.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import Error as DatabaseError
from django.db import connections

from apps.rag.models import IndexEntry
from apps.rag.retrieval.fit import text_read

logger = logging.getLogger(__name__)

MAX_PASSAGES = 4_000  # each is two texts, itself and its headings, and some 8,000 are kept, 8 KB a passage


class ReadingAhead:
    """Reads the passages that came last, in a thread of its own, and rests as long as it reads: questions go first.

    They are told by their numbers: one that came before others and was published after them is read when it is asked
    about.
    """

    def __init__(self) -> None:
        self._last_id = 0
        self._has_news = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Have the thread look for passages that it has not read."""
        self._has_news.set()

    def step(self) -> None:
        """Read the newest passages, the latest last; at most MAX_PASSAGES."""
        live = IndexEntry.objects.filter(state=IndexEntry.State.LIVE, pk__gt=self._last_id).order_by("-pk")
        rows = list(live.values_list("pk", "text", "heading_path")[:MAX_PASSAGES])
        self._last_id = rows[0][0] if rows else self._last_id
        for _, text, heading_path in reversed(rows):
            if self._stopping.is_set():
                return
            began = time.perf_counter()
            text_read(text)
            text_read("\n".join(heading_path))
            time.sleep(time.perf_counter() - began)

    def start(self) -> None:
        """Begin to read; a second call changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="kauri-ahead", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after the passage that it reads."""
        self._stopping.set()
        self._has_news.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._has_news.clear()
            if self._stopping.is_set():
                return  # it was told so between the two lines above
            try:
                self.step()
            except DatabaseError:
                logger.warning("passages are not read ahead", exc_info=True)
            except Exception:
                # it only saves time: a thread that ended here must not be the reason that nobody looks why
                logger.exception("passages are not read ahead")
            finally:
                connections.close_all()
            if not self._stopping.is_set():
                self._has_news.wait()
