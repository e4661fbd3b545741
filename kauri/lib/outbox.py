"""Events are written where they happen: in the same transaction."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from kauri.lib.models import OutboxEvent


def publish(*, type: str, aggregate_id: UUID, payload: Mapping[str, str | int | None]) -> None:
    """Write an event to the outbox, in the caller's transaction.

    The payload carries ids and figures alone: no question text, no personal fields. Raises
    RuntimeError outside a transaction, where the event could survive what it tells of.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("outbox.publish needs the transaction of the change it announces")
    event(type=type, aggregate_id=aggregate_id, payload=payload).save(force_insert=True)


def event(*, type: str, aggregate_id: UUID, payload: Mapping[str, str | int | None]) -> OutboxEvent:
    """Return an event that is yet to be written, for a statement that writes it beside what it tells of."""
    return OutboxEvent(type=type, key=aggregate_id, payload=dict(payload))
