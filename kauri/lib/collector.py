"""The way of spans to a collector (OTLP over HTTP), which never costs an answer anything."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings

from kauri.lib.tracing import collect_with

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

logger = logging.getLogger(__name__)

_EXPORT_S = 2.0
_DELAY_MS = 1_000
_MAX_QUEUE = 2_048  # what a silent collector costs: these few spans' memory, and the oldest of them
_provider: TracerProvider | None = None


def spans_begin(endpoint: str) -> None:
    """Send this process's spans to a collector, as http://collector:4318; "" sends none."""
    global _provider  # noqa: PLW0603 - one a process, ended by spans_end
    if not endpoint or _provider is not None:
        return
    # Only here: most processes send none, and the exporter brings an HTTP client along.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - see above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - see above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - see above

    resource = Resource.create(
        {"service.name": "kauri", "service.version": settings.KAURI_VERSION, "kauri.role": settings.KAURI_ROLE}
    )
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_EXPORT_S)
    _provider.add_span_processor(
        BatchSpanProcessor(_said_once(exporter, endpoint), max_queue_size=_MAX_QUEUE, schedule_delay_millis=_DELAY_MS)
    )
    collect_with(_provider.get_tracer("kauri"))


def spans_end() -> None:
    """Send what is left, for two seconds at most."""
    global _provider
    if _provider is None:
        return
    provider, _provider = _provider, None
    collect_with(None)
    last = threading.Thread(target=provider.shutdown, daemon=True)
    last.start()
    last.join(_EXPORT_S)


def _said_once(exporter: SpanExporter, endpoint: str) -> SpanExporter:
    """Return an exporter that says once that the collector is away, and once that it is back."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult  # noqa: PLC0415 - see spans_begin

    class SaidOnce(SpanExporter):
        is_away = False

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = exporter.export(spans)
            is_away = result is not SpanExportResult.SUCCESS
            if is_away != self.is_away:
                self.is_away = is_away
                words = "the collector takes no spans" if is_away else "the collector takes spans again"
                logger.warning(words, extra={"endpoint": endpoint})
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return SaidOnce()
