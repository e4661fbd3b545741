"""Spans of a request's way through Kauri (OpenTelemetry); where nobody collects them, they cost next to nothing.

No text of a question, of a passage or of a person ever becomes a name or an attribute of a span: an error is
named by its class alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Self, TypeVar

from opentelemetry import context as otel
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Event = TypeVar("Event")
Attributes = Mapping[str, str | int | float | bool]

_propagator = TraceContextTextMapPropagator()
_SERVICE = otel.create_key("kauri-service")
_tracer: Tracer | None = None


def collect_with(tracer: Tracer | None) -> None:
    """Make spans with `tracer` from now on; with None, make none."""
    global _tracer  # noqa: PLW0603 - one a process, as its exporter is
    _tracer = tracer


def is_collected() -> bool:
    """Tell whether spans are made at all."""
    return _tracer is not None


class spanned:  # noqa: N801 - read as a verb: `with spanned("Save to DB")`
    """Make a span of the block, inside the current one.

    `is_service` also makes it the one that `beside` puts its spans under. `is_current=False` leaves the current
    span what it was: for a block that yields, whose consumer must not see it.
    """

    __slots__ = ("_attributes", "_beside", "_is_current", "_is_service", "_kind", "_name", "_span", "_token", "_within")

    def __init__(
        self,
        name: str,
        *,
        within: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes | None = None,
        is_service: bool = False,
        is_current: bool = True,
        beside: bool = False,
    ) -> None:
        self._name, self._within, self._kind, self._attributes = name, within, kind, attributes
        self._is_service, self._is_current, self._beside = is_service, is_current, beside
        self._span: Span | None = None
        self._token: object = None

    def __enter__(self) -> Self:
        if _tracer is not None:
            self._open(_tracer)
        return self

    def _open(self, tracer: Tracer) -> None:
        within = self._within if self._within is not None else otel.get_current()
        if self._beside:
            service = otel.get_value(_SERVICE, within)
            within = set_span_in_context(service, within) if isinstance(service, Span) else within
        self._span = tracer.start_span(self._name, within, self._kind, self._attributes)
        if self._is_current:
            self._token = otel.attach(self.context(within))

    def context(self, within: Context) -> Context:
        """Return `within` with this span as the current one; as it is where no span is made."""
        if self._span is None:
            return within
        inner = set_span_in_context(self._span, within)
        return otel.set_value(_SERVICE, self._span, inner) if self._is_service else inner

    def note(self, name: str, value: str | int | float | bool) -> None:  # noqa: FBT001 - a value, not a switch
        """Add an attribute: counts, ids and states, never words of a person."""
        if self._span is not None:
            self._span.set_attribute(name, value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is None:
            return
        if self._token is not None:
            otel.detach(self._token)  # type: ignore[arg-type] # attach's own, opaque to us
        if kind is not None and issubclass(kind, Exception):
            self._span.set_status(Status(StatusCode.ERROR))
            self._span.set_attribute("error.type", kind.__name__)
        self._span.end()


async def events_spanned(name: str, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """Yield `events`, each step of theirs made inside one span, which their consumer does not see."""
    async with aclosing(events):
        if not is_collected():
            async for event in events:
                yield event
            return
        with spanned(name, is_service=True, is_current=False) as span:
            inside = span.context(otel.get_current())
            while True:
                # Put on and off around each step: a generator may be closed from another task's context.
                token = otel.attach(inside)
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    return
                finally:
                    otel.detach(token)
                yield event


def sent_with() -> dict[str, str]:
    """Return the headers (W3C traceparent) that tell another process which span it works for."""
    headers: dict[str, str] = {}
    if is_collected():
        _propagator.inject(headers)
    return headers


def received_with(headers: Mapping[str, str]) -> Context | None:
    """Return the context that a caller's headers name; None where no spans are made."""
    return _propagator.extract(headers, Context()) if is_collected() else None


def work_within(context: Context | None) -> None:
    """Put the rest of this task's work under a caller's span."""
    if context is not None:
        otel.attach(context)
