"""The work of an import: from the stored file to a searchable version."""

import logging
import time
from uuid import UUID

from billiard.exceptions import SoftTimeLimitExceeded

from apps.knowledge.errors import GivenUp
from apps.knowledge.models import IngestionJob, Passage
from apps.knowledge.pipeline import failures, lease, stages
from apps.knowledge.pipeline.lease import Claim, JobTaken, LeaseLost
from apps.knowledge.types import JobOutcome

logger = logging.getLogger(__name__)


def run_job(job_id: UUID) -> JobOutcome:
    """Do what is left of a job and say how it ended; safe to call twice, at once and after a crash.

    What goes wrong with the document is written to the row, not raised. Raises DatabaseError when
    the row itself cannot be written: its lease then runs out and the job is taken up again.
    """
    try:
        claim = lease.claim(job_id)
    except JobTaken:
        return _outcome(job_id, was_run=False)
    started = time.monotonic()
    try:
        with lease.heartbeat(claim):
            _work(claim)
    except LeaseLost:
        logger.warning("import lost its lease", extra={"job_id": str(job_id), "fence": claim.fence})
        return _outcome(job_id, was_run=False)
    except SoftTimeLimitExceeded:
        # What is saved stays: the next attempt goes on from there.
        lease.let_go(claim)
    except BaseException:
        # Ctrl-C or the worker's end.
        lease.let_go(claim)
        raise
    outcome = _outcome(job_id, was_run=True)
    logger.info(
        "import ended",
        extra={
            "job_id": str(job_id),
            "state": outcome.state,
            "n_passages": outcome.n_passages,
            "elapsed_ms": round((time.monotonic() - started) * 1000),
        },
    )
    return outcome


def _work(claim: Claim) -> None:
    try:
        if claim.attempt > failures.MAX_ATTEMPTS:
            raise GivenUp
        stages.work(claim)
    except (LeaseLost, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        failures.record(claim, error)


def _outcome(job_id: UUID, *, was_run: bool) -> JobOutcome:
    job = IngestionJob.objects.filter(pk=job_id).first()
    if job is None:
        # Its document was removed while it waited or ran.
        return JobOutcome(job_id, "failed", "", 0, was_run=False, reason_code="not_found", sentence="", n_passages=0)
    return JobOutcome(
        job_id=job_id,
        state=job.state,  # type: ignore[arg-type]  # a choice of the column's
        stage=job.stage,
        progress=job.progress,
        was_run=was_run,
        reason_code=job.reason_code,
        sentence=job.sentence,
        n_passages=Passage.objects.filter(version_id=job.version_id).count(),
    )
