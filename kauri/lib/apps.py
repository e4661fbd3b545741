"""The tables below every app: outbox, processed events, idempotency keys."""

from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "kauri.lib"
    label = "lib"
    default_auto_field = "django.db.models.BigAutoField"
