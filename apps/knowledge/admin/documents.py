"""Documents: the list of the corpus, and the way to add to it."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.knowledge.admin.base import STATE_LABELS, CorpusAdmin, shown
from apps.knowledge.admin.upload import UploadView
from apps.knowledge.models import Document
from kauri.lib.countries import country_label
from kauri.lib.text import fold


class CountryFilter(admin.SimpleListFilter):
    """The states that some document is for, by name."""

    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = model_admin.get_queryset(request).exclude(country="").values_list("country", flat=True)
        return sorted(((code, country_label(code)) for code in set(codes)), key=lambda pair: fold(pair[1]))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(country=self.value()) if self.value() else queryset


@admin.register(Document)
class DocumentAdmin(CorpusAdmin):
    document_path = ""
    list_display = ("title", "code", "kind", "namespace", "country_shown", "state_shown", "version_count", "updated_at")
    list_filter = ("state", "kind", "namespace", CountryFilter)
    search_fields = ("title_folded", "code")
    fields = (
        "title",
        "code",
        "author",
        "kind",
        "namespace",
        "organisation",
        "country_shown",
        "plan",
        "state",
        "created_by",
        "created_at",
        "updated_at",
    )
    change_form_outer_before_template = "knowledge/admin/document_tools.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the documents with the number of their versions."""
        rows = super().get_queryset(request).select_related("namespace")
        counted: QuerySet[Model] = rows.annotate(n_versions=Count("versions"))
        return counted

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search without regard to accents and case."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, fold(search_term))
        return found

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.has_view_permission(request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show the page that takes a file: a document without one cannot be."""
        return UploadView.as_view(model_admin=self)(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the document with its versions above its fields."""
        document = self.get_object(request, object_id)
        versions = document.versions.defer("plain_text", "outline").order_by("-number") if document else ()
        new_version_url = f"{reverse('admin:knowledge_document_add')}?document={object_id}"
        shown = {"document": document, "versions": versions, "new_version_url": new_version_url}
        context = {**(extra_context or {}), **shown}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    @shown(_("Country"), ordering="country")
    def country_shown(self, document: Document) -> str:
        return country_label(document.country)

    @shown(_("State"), label=STATE_LABELS, ordering="state")
    def state_shown(self, document: Document) -> tuple[str, str]:
        return document.state, document.get_state_display()

    @shown(_("Versions"), ordering="n_versions")
    def version_count(self, document: Any) -> int:
        return int(document.n_versions)
