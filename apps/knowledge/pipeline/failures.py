"""What becomes of a job whose work raised."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import translation

from apps.knowledge.errors import Unexpected
from apps.knowledge.models import IngestionJob
from apps.knowledge.pipeline import lease
from apps.knowledge.pipeline.lease import Claim
from kauri.lib.errors import KauriError

logger = logging.getLogger(__name__)

MAX_FAILURES = 3
# Claims without a named failure: the process died each time. Some deaths are nobody's fault.
MAX_ATTEMPTS = 20
_FIRST_PAUSE = timedelta(seconds=5)


def record(claim: Claim, error: Exception) -> None:
    """Write why a job failed; a failure that may pass is tried again, at most MAX_FAILURES times.

    Raises LeaseLost where another process holds the job by now.
    """
    named = error if isinstance(error, KauriError) else Unexpected()
    if named is not error:
        logger.error("import failed unexpectedly", exc_info=error, extra={"job_id": str(claim.job_id)})
    n_failures = claim.failure_count + 1
    reason = {"failure_count": n_failures, "reason_code": named.code, "reason": sentences(named), "owner": ""}
    if named.permanent or n_failures >= MAX_FAILURES:
        lease.update(claim, state=IngestionJob.State.FAILED, lease_until=None, finished_at=Now(), **reason)
    else:
        pause = _FIRST_PAUSE * 4 ** (n_failures - 1)
        lease.update(claim, state=IngestionJob.State.WAITING, lease_until=Now() + pause, **reason)
    logger.warning(
        "import failed",
        extra={"job_id": str(claim.job_id), "reason": named.code, "n_failures": n_failures, "attempt": claim.attempt},
    )


def sentences(error: KauriError) -> dict[str, str]:
    """Return an error's sentence in each language of the interface."""
    by_language: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            by_language[code] = str(error.message)
    return by_language
