"""Django application of the engine."""

from django.apps import AppConfig


class RagConfigApp(AppConfig):
    """Registers the engine's tables."""

    name = "apps.rag"
    label = "rag"
    default_auto_field = "django.db.models.BigAutoField"
