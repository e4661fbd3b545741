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
    OutboxEvent.objects.create(type=type, key=aggregate_id, payload=dict(payload))
