"""Users and organisations in the back office, for superusers."""

from django.contrib import admin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.models import Membership, Organisation, User

admin.site.unregister(Group)


class MembershipInline(TabularInline):  # type: ignore[misc] # unfold has no types
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(User)
class UserAdmin(ModelAdmin):  # type: ignore[misc] # unfold has no types
    list_display = ("email", "name", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "is_active", "is_staff", "is_superuser", "user_permissions", "date_joined")
    readonly_fields = ("date_joined",)
    filter_horizontal = ("user_permissions",)


@admin.register(Organisation)
class OrganisationAdmin(ModelAdmin):  # type: ignore[misc] # unfold has no types
    list_display = ("name", "is_personal", "created_at")
    list_filter = ("is_personal",)
    search_fields = ("name",)
    inlines = (MembershipInline,)
