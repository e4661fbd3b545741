"""Figures of turns and streams for /v1/metrics."""

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from apps.chat.ledger import Outcome

TURNS = Counter("kauri_turns", "Turns that ended, by how and by mode", ["state", "mode"])
TURN_SECONDS = Histogram(
    "kauri_turn_seconds", "From the start of a turn to its end", buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 90, 180)
)
FIRST_TEXT_SECONDS = Histogram(
    "kauri_turn_first_text_seconds",
    "From the start of a turn to its first text",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
)
TURNS_RUNNING = Gauge("kauri_turns_running", "Turns that this process runs now")
STREAMS_OPEN = Gauge("kauri_streams_open", "Streams that this process holds open now")
TURN_LOG_FAILURES = Counter("kauri_turn_log_failures", "Appends that Valkey did not take")
TURNS_TAKEN_OVER = Counter("kauri_turns_taken_over", "Turns of dead processes that were marked interrupted")


def observe(outcome: "Outcome") -> None:
    """Count a turn that ended."""
    transcript = outcome.transcript
    mode = transcript.finished.mode if transcript.finished else ""
    TURNS.labels(state=str(outcome.state), mode=mode).inc()
    TURN_SECONDS.observe(transcript.timings_ms.get("total", 0.0) / 1000)
    if "first_text" in transcript.timings_ms:
        FIRST_TEXT_SECONDS.observe(transcript.timings_ms["first_text"] / 1000)
