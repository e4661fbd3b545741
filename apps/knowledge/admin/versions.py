"""Versions of documents: to read, publish and withdraw."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Count, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.accounts.auth import principal_for_request
from apps.knowledge import services
from apps.knowledge.admin.base import STATE_LABELS, CorpusAdmin, period_words, shown
from apps.knowledge.models import DocumentVersion, IngestionJob
from apps.knowledge.reader import citation_url
from kauri.lib.errors import KauriError, NotFound


@admin.register(DocumentVersion)
class DocumentVersionAdmin(CorpusAdmin):
    document_path = "document"
    list_display = ("title", "number", "state_shown", "in_force_shown", "passage_count", "created_at")
    list_filter = ("state", "document__namespace", "format")
    search_fields = ("title", "document__code", "document__title_folded")
    fields = (
        "document",
        "title",
        "number",
        "state",
        "in_force_shown",
        "reading",
        "passage_count",
        "last_import",
        "file_name",
        "byte_count",
        "sha256",
        "format",
        "page_count",
        "parser_shown",
        "chunker_shown",
        "created_at",
        "published_at",
    )
    change_form_outer_before_template = "knowledge/admin/version_tools.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the versions without their text, with the number of their passages."""
        rows = super().get_queryset(request).select_related("document").defer("plain_text", "outline")
        counted: QuerySet[Model] = rows.annotate(n_passages=Count("passages"))
        return counted

    def get_urls(self) -> list[URLPattern]:
        """Add the two buttons' addresses."""
        verbs = (("publish", services.version_publish), ("withdraw", services.version_withdraw))
        own = [
            path(
                f"<uuid:version_id>/{name}/",
                self.admin_site.admin_view(require_POST(self._button(verb))),
                name=f"knowledge_version_{name}",
            )
            for name, verb in verbs
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the version with the buttons that its state allows."""
        version = self.get_object(request, object_id)
        context = {**(extra_context or {}), "version": version}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    def _button(self, verb: Any) -> Any:
        def press(request: HttpRequest, version_id: UUID) -> HttpResponse:
            try:
                verb(principal=principal_for_request(request), version_id=version_id)
            except NotFound as error:
                raise Http404 from error
            except KauriError as error:
                messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:knowledge_documentversion_change", args=[version_id]))

        return press

    @shown(_("State"), label=STATE_LABELS)
    def state_shown(self, version: DocumentVersion) -> tuple[str, str]:
        return version.state, version.get_state_display()

    @shown(_("In force"))
    def in_force_shown(self, version: DocumentVersion) -> str:
        return period_words(version.in_force)

    @shown(_("Revision of the reading"))
    def parser_shown(self, version: DocumentVersion) -> int | None:
        return version.parser_revision

    @shown(_("Revision of the cutting"))
    def chunker_shown(self, version: DocumentVersion) -> int | None:
        return version.chunker_revision

    @shown(_("Passages"))
    def passage_count(self, version: Any) -> SafeString:
        url = f"{reverse('admin:knowledge_passage_changelist')}?version__id__exact={version.pk}"
        return format_html('<a href="{}">{}</a>', url, version.n_passages)

    @shown(_("Text"))
    def reading(self, version: DocumentVersion) -> SafeString:
        return format_html('<a href="{}">{}</a>', citation_url(version.pk, 0, 0), _("Read"))

    @shown(_("Import"))
    def last_import(self, version: DocumentVersion) -> SafeString:
        job = IngestionJob.objects.filter(version=version).latest("id")
        url = reverse("admin:knowledge_ingestionjob_change", args=[job.pk])
        return format_html('<a href="{}">{}</a>', url, job.get_state_display())
