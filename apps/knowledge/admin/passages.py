"""Passages: the text as read, and the overlay that a curator lays over it."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.auth import principal_for_request
from apps.knowledge import services
from apps.knowledge.admin.base import CorpusAdmin, shown
from apps.knowledge.models import Passage
from apps.knowledge.reader import citation_url


@admin.register(Passage)
class PassageAdmin(CorpusAdmin):
    list_display = ("place", "beginning", "page", "token_count", "overlay")
    list_filter = ("is_hidden", "version__document__namespace")
    search_fields = ("locator", "text")
    show_full_result_count = False
    ordering = ("version", "ordinal")
    fields = ("source", "place", "heading_path", "page", "token_count", "text", "edited_text", "is_hidden")
    readonly_fields = ("source", "place", "heading_path", "page", "token_count", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the passages without the text of their whole version."""
        return super().get_queryset(request).select_related("version__document").defer("version__plain_text")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: Passage, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Lay the overlay through the service, which tells the index."""
        services.passage_correct(
            principal=principal_for_request(request),
            passage_id=obj.pk,
            edited_text=form.cleaned_data["edited_text"],
            is_hidden=form.cleaned_data["is_hidden"],
        )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "edited_text":
            field.help_text = _("Shown and searched instead of the text as read, which is kept. Empty: no correction.")
        return field

    @shown(_("Place"))
    def place(self, passage: Passage) -> str:
        return passage.locator or str(passage.ordinal)

    @shown(_("Beginning"))
    def beginning(self, passage: Passage) -> str:
        return passage.current_text[:120]

    @shown(_("Overlay"), label={_("Hidden"): "warning", _("Corrected"): "info"})
    def overlay(self, passage: Passage) -> Any:
        if passage.is_hidden:
            return _("Hidden")
        return _("Corrected") if passage.edited_text else ""

    @shown(_("In its document"))
    def source(self, passage: Passage) -> SafeString:
        url = citation_url(passage.version_id, passage.span_start, passage.span_end)
        return format_html('<a href="{}">{}</a>', url, passage.version)
