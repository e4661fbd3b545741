"""Outbox, processed events and idempotency keys."""

from typing import ClassVar

from django.db import models

from kauri.lib.ids import uuid7


class OutboxEvent(models.Model):
    """A CloudEvents 1.0 event written in the transaction that it tells of, relayed later.

    `key` is the aggregate's id: events of one key leave in the order of `position`.
    """

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid7, unique=True, editable=False)
    type = models.CharField(max_length=80)
    key = models.UUIDField()
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lib_outbox_event"
        indexes: ClassVar = [
            models.Index(fields=["position"], condition=models.Q(published_at=None), name="outbox_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class ProcessedEvent(models.Model):
    """An event that a consumer has dealt with, recorded in the transaction of its effect."""

    consumer = models.CharField(max_length=60)
    event_id = models.UUIDField()
    processed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "lib_processed_event"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["consumer", "event_id"], name="processed_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} {self.event_id}"


class IdempotencyKey(models.Model):
    """A client's key for one request, with the hash of its body and the response that it got."""

    user_id = models.UUIDField()
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    response_status = models.PositiveSmallIntegerField(null=True)
    response_body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "lib_idempotency_key"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user_id", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key
