"""Celery's way into the corpus: ids in, one call down."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import Task, shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.db.models import Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from apps.knowledge import heartbeat
from apps.knowledge.pipeline import lease, run_job
from apps.rag import indexer

logger = logging.getLogger(__name__)

# A busy worker leaves jobs waiting for long; hinting again at each sweep would flood the broker.
_HINT_AGAIN = timedelta(seconds=60)
_HINTS_A_SWEEP = 50
_VECTORS_A_TASK = 500


@shared_task(queue="ingest")
def ingest(*, job_id: str, **_: Any) -> None:
    """Run one import."""
    run_job(UUID(job_id))


@shared_task(queue="ingest")
def embed(*, version_id: str, **_: Any) -> None:
    """Compute the vectors that a version's passages lack, after a correction."""
    indexer.entries_embed(UUID(version_id))


@shared_task(queue="ingest")
def embed_missing(**_: Any) -> None:
    """Compute vectors that published passages lack, some at a time so that imports come in between."""
    if indexer.vectors_fill(_VECTORS_A_TASK) == _VECTORS_A_TASK:
        _send(embed_missing)


@shared_task(queue="ingest")
def sweep_jobs(**_: Any) -> None:
    """Hint again at the open jobs that nobody holds: the queue may have lost them, a worker died over them."""
    n_freed = lease.free_dead()
    unhinted = lease.free_jobs().filter(Q(hinted_at=None) | Q(hinted_at__lt=Now() - _HINT_AGAIN) | ~Q(owner=""))
    job_ids = list(unhinted.values_list("pk", flat=True)[:_HINTS_A_SWEEP])
    for job_id in job_ids:
        hint(job_id)
    if n_freed or job_ids:
        logger.info("jobs swept", extra={"n_freed": n_freed, "n_hinted": len(job_ids)})


def hint(job_id: UUID) -> None:
    """Put a job on the queue; without a broker the sweeper does it later."""
    lease.free_jobs().filter(pk=job_id).update(hinted_at=Now())
    _send(ingest, job_id=str(job_id))


def hint_vectors(version_id: UUID) -> None:
    """Have the vectors of a corrected passage computed; until then it is found by its words."""
    _send(embed, version_id=str(version_id))


def _send(task: "Task[..., None]", **ids: str) -> None:
    try:
        task.delay(**ids)
    except OperationalError:
        logger.warning("queue not reachable", extra={"task": task.name, **ids})


@worker_ready.connect
def _begin(**_: Any) -> None:
    heartbeat.begin()
    # What the worker before this one left behind need not wait for the next round of the schedule.
    _send(sweep_jobs)
    # EMBEDDER may have been none until now.
    _send(embed_missing)


@worker_shutting_down.connect
def _end(**_: Any) -> None:
    heartbeat.end()
