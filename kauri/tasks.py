"""Maintenance that belongs to no app."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task

from kauri.lib import clock
from kauri.lib.models import IdempotencyKey

logger = logging.getLogger(__name__)
IDEMPOTENCY_KEPT = timedelta(hours=24)


@shared_task(queue="ingest")
def forget_old_keys(**_: Any) -> None:
    """Delete idempotency keys that no client will repeat any more."""
    n_deleted, _by_model = IdempotencyKey.objects.filter(created_at__lt=clock.now() - IDEMPOTENCY_KEPT).delete()
    logger.info("idempotency keys forgotten", extra={"n_deleted": n_deleted})
