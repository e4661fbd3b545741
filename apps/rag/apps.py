"""Django application of the engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RagConfigApp(AppConfig):
    """Registers the engine's tables."""

    name = "apps.rag"
    label = "rag"
    verbose_name = _("Search engine")
    default_auto_field = "django.db.models.BigAutoField"
