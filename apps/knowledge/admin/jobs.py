"""Imports: stage, progress, reason, and the button that tries again."""

import contextlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.auth import principal_for_request
from apps.knowledge import selectors, services
from apps.knowledge.admin.base import STATE_LABELS, CorpusAdmin, shown
from apps.knowledge.errors import JobNotRetryable
from apps.knowledge.models import IngestionJob
from kauri.lib.errors import KauriError, NotFound


@dataclass(frozen=True, slots=True)
class StageShown:
    """A stage on the import's page; `standing` is done, doing, failed or waiting."""

    name: str
    standing: str


@admin.register(IngestionJob)
class IngestionJobAdmin(CorpusAdmin):
    list_display = ("document_shown", "state_shown", "stage", "progress_shown", "reason_shown", "attempt", "created_at")
    list_filter = ("state", "stage", "version__document__namespace")
    search_fields = ("version__title", "version__document__code", "version__document__title_folded")
    actions = ("retry_selected",)
    fields = ("document_shown", "attempt", "failure_count", "owner", "heartbeat_at", "created_at", "finished_at")
    change_form_outer_before_template = "knowledge/admin/job.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the imports without the text of their version."""
        return super().get_queryset(request).select_related("version__document").defer("version__plain_text")

    def get_urls(self) -> list[URLPattern]:
        """Add the progress fragment and the Retry button."""
        wrapped = self.admin_site.admin_view
        own = [
            path("<uuid:job_id>/progress/", wrapped(require_GET(self.progress_view)), name="knowledge_job_progress"),
            path("<uuid:job_id>/retry/", wrapped(require_POST(self.retry_view)), name="knowledge_job_retry"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the import with its stages above the fields."""
        job = self.get_object(request, object_id)
        context = {**(extra_context or {}), **(_shown(job) if job else {})}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    def progress_view(self, request: HttpRequest, job_id: UUID) -> HttpResponse:
        """Answer the part of the page that changes while the import runs."""
        try:
            job = selectors.job_get(principal_for_request(request), job_id)
        except NotFound as error:
            raise Http404 from error
        return render(request, "knowledge/admin/_job_progress.html", _shown(job))

    def retry_view(self, request: HttpRequest, job_id: UUID) -> HttpResponse:
        """Try a failed import again and show it."""
        try:
            services.job_retry(principal=principal_for_request(request), job_id=job_id)
        except NotFound as error:
            raise Http404 from error
        except KauriError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:knowledge_ingestionjob_change", args=[job_id]))

    @admin.action(description=_("Try again"), permissions=["view"])
    def retry_selected(self, request: HttpRequest, jobs: QuerySet[IngestionJob]) -> None:
        """Try the failed ones among the chosen imports again."""
        n_tried = 0
        for job_id in list(jobs.filter(state=IngestionJob.State.FAILED).values_list("pk", flat=True)):
            # Somebody else may have pressed the button meanwhile.
            with contextlib.suppress(JobNotRetryable, NotFound):
                services.job_retry(principal=principal_for_request(request), job_id=job_id)
                n_tried += 1
        sentence = ngettext("%(n)d import is tried again.", "%(n)d imports are tried again.", n_tried)
        messages.success(request, sentence % {"n": n_tried})

    @shown(_("Document"), ordering="version__title")
    def document_shown(self, job: IngestionJob) -> str:
        return str(job.version)

    @shown(_("State"), label=STATE_LABELS, ordering="state")
    def state_shown(self, job: IngestionJob) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @shown(_("Progress"), ordering="progress")
    def progress_shown(self, job: IngestionJob) -> SafeString:
        return format_html(
            '<progress class="k-progress" max="100" value="{}" aria-label="{}"></progress>', job.progress, _("Progress")
        )

    @shown(_("Reason"))
    def reason_shown(self, job: IngestionJob) -> str:
        return job.sentence


def _shown(job: IngestionJob) -> dict[str, Any]:
    order = [stage for stage in IngestionJob.Stage if stage.value != "ready"]
    is_ready = job.state == IngestionJob.State.READY
    at = len(order) if is_ready else [stage.value for stage in order].index(job.stage)
    here = "failed" if job.state == IngestionJob.State.FAILED else "doing"
    stages = [
        StageShown(str(stage.label), "done" if index < at else here if index == at else "waiting")
        for index, stage in enumerate(order)
    ]
    is_open = job.state in {IngestionJob.State.WAITING, IngestionJob.State.RUNNING}
    return {"job": job, "stages": stages, "is_open": is_open, "is_failed": job.state == IngestionJob.State.FAILED}
