"""The back office as an app; not in apps.py, where Django would take two configs for two defaults."""

from django.contrib.admin.apps import AdminConfig


class CurationConfig(AdminConfig):
    """django.contrib.admin with our site; stands in INSTALLED_APPS in its place."""

    default_site = "apps.knowledge.site.CurationSite"
