"""Collections and charts of accounts."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.knowledge.admin.base import CorpusAdmin, period_words, shown
from apps.knowledge.models import Account, Namespace


@admin.register(Namespace)
class NamespaceAdmin(CorpusAdmin):
    list_display = ("title", "slug", "description", "position")
    fields = ("slug", "title", "description", "position")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Namespace]:
        """Return every collection: they belong to the shared base."""
        return Namespace.objects.all()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        # The slug is the identity that every document and index entry carries.
        return ("slug",) if obj else ()

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request)


@admin.register(Account)
class AccountAdmin(CorpusAdmin):
    list_display = ("number", "label", "plan", "account_class", "version")
    list_filter = ("plan", "account_class")
    search_fields = ("number__startswith", "label")
    fields = ("number", "label", "plan", "account_class", "parent", "version", "in_force_shown")
    list_select_related = ("version",)

    @shown(_("In force"))
    def in_force_shown(self, account: Account) -> str:
        return period_words(account.in_force)
