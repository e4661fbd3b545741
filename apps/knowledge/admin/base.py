"""What every page of the curators has in common."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apps.accounts.auth import principal_for_request
from apps.knowledge import access
from apps.knowledge.periods import period_of
from kauri.lib import days

# Colours of the theme's labels by the state of a document, a version or an import.
STATE_LABELS = {
    "draft": "info",
    "published": "success",
    "withdrawn": "warning",
    "waiting": "info",
    "running": "primary",
    "ready": "success",
    "failed": "danger",
}


Column = TypeVar("Column", bound=Callable[..., Any])


def shown(description: object, **more: Any) -> Callable[[Column], Column]:
    """Mark a method as a column, with a type: Unfold's own decorator has none."""
    return cast("Callable[[Column], Column]", display(description=description, **more))


def period_words(in_force: Any) -> str:
    """Say a period as people do; its stored end is the first day after it."""
    period = period_of(in_force)
    last: date | None = period.end - timedelta(days=1) if period.end else None
    if period.start and last:
        return _("From %(first)s to %(last)s") % {"first": days.written(period.start), "last": days.written(last)}
    if period.start:
        return _("Since %(day)s") % {"day": days.written(period.start)}
    return _("Until %(day)s") % {"day": days.written(last)} if last else _("Without limit")


class CorpusAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows of documents that the curator may manage, to look at; what changes goes through services.

    `document_path` is the way from a row to its document, empty for the document itself.
    """

    document_path = "version__document"
    list_per_page = 50
    list_fullwidth = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the rows of the documents that this principal may manage."""
        managed = access.managed(principal_for_request(request))
        rows: QuerySet[Model] = super().get_queryset(request)
        return rows.filter(**{f"{self.document_path}__in": managed}) if self.document_path else rows & managed

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return principal_for_request(request).is_curator

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
