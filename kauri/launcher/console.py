"""What `up` prints: one prefix and one colour per process."""

import json
import os
import sys
from typing import TextIO

WIDTH = 8
_COLOURS = {"kauri": "1", "web": "36", "worker": "35", "import": "33", "postgres": "34", "state": "32", "cache": "32"}
_LEVELS = {"warning": "33", "error": "31", "critical": "31"}
# Said by the prefix or the clock, or of no use to a person who watches.
_UNSHOWN = {"event", "level", "logger", "timestamp", "color_message"}


class Console:
    """Prefixed lines, coloured on a terminal; JSON log lines are made readable there.

    Where the output goes to a file or a collector the lines stay as the process wrote them.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_terminal = self._stream.isatty()
        self._has_colour = self._is_terminal and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        """Print each line of `text` behind the prefix of the process `name`."""
        for raw in text.splitlines():
            shown = self._readable(raw) if self._is_terminal else raw
            prefix = self._paint(f"{name:<{WIDTH}} |", _COLOURS.get(name, "0"))
            print(prefix, shown, file=self._stream, flush=True)

    def say(self, text: str) -> None:
        """Print what `up` itself has to say."""
        self.line("kauri", text)

    def _readable(self, raw: str) -> str:
        if not raw.startswith("{"):
            return raw
        try:
            record = json.loads(raw)
        except ValueError:
            return raw
        if not isinstance(record, dict) or "event" not in record:
            return raw
        exception = record.pop("exception", "")
        details = " ".join(f"{key}={value}" for key, value in record.items() if key not in _UNSHOWN)
        level = str(record.get("level", "info"))
        event = self._paint(str(record["event"]), _LEVELS.get(level, "0"))
        return " ".join(part for part in (event, details) if part) + (f"\n{exception}" if exception else "")

    def _paint(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._has_colour else text
