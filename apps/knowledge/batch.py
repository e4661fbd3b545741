"""Importing many files: through the workers when there are some, else in this process."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal
from uuid import UUID

from django.core.files.base import File
from django.db.models import Count

from apps.accounts.types import Principal
from apps.knowledge import announced, heartbeat, services
from apps.knowledge.errors import BadMetadata
from apps.knowledge.filing import filing, is_held
from apps.knowledge.manifest import FileToAdd
from apps.knowledge.models import IngestionJob
from apps.knowledge.pipeline import lease, run_job
from kauri.lib.errors import KauriError

Result = Literal["pending", "added", "unchanged", "failed"]
_POLL_S = 0.4
# The operator at the command line may do what a curator of the shared base may.
OPERATOR = Principal(is_curator=True, is_superuser=True)


@dataclass(frozen=True, slots=True)
class FileState:
    """Where one file of the batch stands; `progress` in 0..100, `reason` a sentence."""

    label: str
    byte_count: int
    result: Result = "pending"
    stage: str = ""
    progress: int = 0
    n_passages: int = 0
    reason_code: str = ""
    reason: str = ""
    job_id: UUID | None = None


Report = Callable[[Sequence[FileState]], None]


class Batch:
    """The files of one command, added one after another and followed to their end.

    What was added stays in the ledger: stopping the command loses nothing, and the same command
    again goes on from there.
    """

    def __init__(self, files: Sequence[FileToAdd]) -> None:
        self._files = files
        # The drawing thread refreshes too: an older reading must not overwrite a newer one.
        self._refreshing = threading.Lock()
        self._is_handing_over = heartbeat.is_worker_alive()
        self.states = [FileState(file.label, _size(file.path)) for file in files]

    def run(self) -> tuple[FileState, ...]:
        """Add every file, work or wait until each import has ended, and return how."""
        try:
            self._add_all()
        finally:
            announced.announce(0)
        while self._open_jobs():
            self._push()
            self.refresh()
        return tuple(self.states)

    def _add_all(self) -> None:
        are_new = [_is_new(file) for file in self._files]
        for index, file in enumerate(self._files):
            announced.announce(sum(are_new[index:]))
            self.states[index] = self._added(file, self.states[index])
            announced.announce(sum(are_new[index + 1 :]))
            self.refresh()
            if not self._is_handing_over:
                self._work_on(self.states[index])

    def refresh(self) -> None:
        """Read the rows of the imports that are under way; another thread may call this."""
        with self._refreshing:
            jobs = {job.pk: job for job in self._rows()}
            for index, state in enumerate(self.states):
                if state.result == "pending" and state.job_id in jobs:
                    self.states[index] = _read(state, jobs[state.job_id])

    def _added(self, file: FileToAdd, state: FileState) -> FileState:
        if file.problem:
            return replace(state, result="failed", progress=100, reason_code="metadata_invalid", reason=file.problem)
        said = file.said
        try:
            with file.path.open("rb") as opened:
                added = services.document_add(
                    principal=OPERATOR,
                    file=File(opened, name=file.path.name),
                    filename=file.path.name,
                    namespace=said.namespace,
                    code=said.code,
                    title=said.title,
                    kind=said.kind,
                    country=said.country,
                    plan=said.plan,
                    in_force_from=said.in_force_from,
                    in_force_to=said.in_force_to,
                    hint=self._is_handing_over,
                )
        except KauriError as error:
            return replace(state, result="failed", progress=100, reason_code=error.code, reason=str(error))
        except OSError as error:
            return replace(
                state,
                result="failed",
                progress=100,
                reason_code="file_unreadable",
                reason=error.strerror or repr(error),
            )
        if added.is_unchanged:
            return replace(state, result="unchanged", progress=100, job_id=added.job_id)
        return replace(state, job_id=added.job_id)

    def _push(self) -> None:
        """Wait for the workers; where they are gone, take up in this process what is free."""
        time.sleep(_POLL_S)
        if self._is_handing_over and heartbeat.is_worker_alive():
            return
        self._is_handing_over = False
        lease.free_dead()
        for job_id in lease.free_jobs().filter(pk__in=self._open_jobs()).values_list("pk", flat=True):
            run_job(job_id)

    def _work_on(self, state: FileState) -> None:
        if state.job_id and state.result == "pending":
            run_job(state.job_id)

    def _open_jobs(self) -> list[UUID]:
        return [state.job_id for state in self.states if state.job_id and state.result == "pending"]

    def _rows(self) -> Iterator[IngestionJob]:
        jobs = IngestionJob.objects.filter(pk__in=self._open_jobs())
        return jobs.annotate(n_passages=Count("version__passages")).iterator()


def _read(state: FileState, job: IngestionJob) -> FileState:
    results: dict[str, Result] = {IngestionJob.State.READY: "added", IngestionJob.State.FAILED: "failed"}
    result = results.get(job.state, "pending")
    return replace(
        state,
        result=result,
        stage=job.get_stage_display(),
        progress=100 if result != "pending" else job.progress,
        n_passages=job.n_passages,  # type: ignore[attr-defined]  # annotated by _rows
        reason_code=job.reason_code,
        reason=job.sentence,
    )


def _is_new(file: FileToAdd) -> bool:
    """Tell whether a file brings a document that is not there yet."""
    if file.problem:
        return False
    try:
        return not is_held(filing(organisation_id=None, filename=file.path.name, **asdict(file.said)))
    except BadMetadata:
        return False


def _size(path: Path) -> int:
    try:
        # An empty or missing file still weighs something on the progress bar.
        return max(path.stat().st_size, 1)
    except OSError:
        return 1
