"""The project itself as an app: its commands, its checks and Celery."""

from django.apps import AppConfig


class KauriConfig(AppConfig):
    name = "kauri"
    label = "kauri"

    def ready(self) -> None:
        from kauri import celery, checks  # noqa: F401, PLC0415 - both need the settings, so not at import
