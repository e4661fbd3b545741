"""Holding a job: a lease that is renewed, and a fence that every write checks.

Whoever claims a job raises its fence. A process that slept through its lease finds at its next
write that the fence has moved and stops without having changed anything.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from apps.knowledge.models import IngestionJob
from apps.knowledge.pipeline.owner import is_gone, this_process

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
HEARTBEAT_S = 10.0
_OPEN = (IngestionJob.State.WAITING, IngestionJob.State.RUNNING)


class JobTaken(Exception):
    """The job is finished, waits for its time, or another process holds it."""


class LeaseLost(Exception):
    """Another process took the job over: stop at once, write nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job, as long as its fence is the row's."""

    job_id: UUID
    version_id: UUID
    fence: int
    attempt: int
    failure_count: int
    is_publishing: bool


@transaction.atomic
def claim(job_id: UUID) -> Claim:
    """Take a job that is open and free. Raises JobTaken."""
    job = IngestionJob.objects.select_for_update().filter(_is_free(), pk=job_id, state__in=_OPEN).first()
    if job is None:
        raise JobTaken
    IngestionJob.objects.filter(pk=job_id).update(
        state=IngestionJob.State.RUNNING,
        fence=F("fence") + 1,
        attempt=F("attempt") + 1,
        owner=this_process(),
        lease_until=Now() + LEASE,
        heartbeat_at=Now(),
    )
    return Claim(
        job_id=job_id,
        version_id=job.version_id,
        fence=job.fence + 1,
        attempt=job.attempt + 1,
        failure_count=job.failure_count,
        is_publishing=job.is_publishing,
    )


def held(held_claim: Claim) -> QuerySet[IngestionJob]:
    """Return the claim's row, or nothing once the fence has moved."""
    return IngestionJob.objects.filter(pk=held_claim.job_id, fence=held_claim.fence, state=IngestionJob.State.RUNNING)


def update(held_claim: Claim, **columns: Any) -> None:
    """Write to the job's row and renew the lease. Raises LeaseLost."""
    columns.setdefault("lease_until", Now() + LEASE)
    if not held(held_claim).update(heartbeat_at=Now(), **columns):
        raise LeaseLost


def advance(held_claim: Claim, stage: IngestionJob.Stage, progress: int) -> None:
    """Say where the job stands, `progress` in 0..100. Raises LeaseLost."""
    update(held_claim, stage=stage, progress=progress)


def lock(held_claim: Claim) -> None:
    """Hold the job's row until the transaction ends, so that nobody can take it over. Raises LeaseLost."""
    if not held(held_claim).select_for_update().exists():
        raise LeaseLost


def let_go(held_claim: Claim) -> None:
    """Give an interrupted job back at once; does nothing when it was lost."""
    held(held_claim).update(state=IngestionJob.State.WAITING, owner="", lease_until=None)


def free_dead() -> int:
    """End the leases of processes of this host that are gone; return how many."""
    running = IngestionJob.objects.filter(state=IngestionJob.State.RUNNING, lease_until__gt=Now())
    gone = [job for job in running.only("id", "owner", "fence") if is_gone(job.owner)]
    return sum(IngestionJob.objects.filter(pk=job.pk, fence=job.fence).update(lease_until=Now()) for job in gone)


def free_jobs() -> QuerySet[IngestionJob]:
    """Return the open jobs that anybody may claim now, the oldest first."""
    return IngestionJob.objects.filter(_is_free(), state__in=_OPEN).order_by("id")


@contextmanager
def heartbeat(held_claim: Claim) -> Iterator[None]:
    """Renew the lease in a thread while the block runs, long parsing and embedding included."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(held_claim, stop), name="job-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _beat(held_claim: Claim, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        try:
            update(held_claim)
        except LeaseLost:
            return
        except DatabaseError:
            logger.warning("job heartbeat failed", extra={"job_id": str(held_claim.job_id)})
        finally:
            connection.close()


def _is_free() -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lte=Now())
