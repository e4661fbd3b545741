"""The project itself as an app: its commands, its checks and Celery."""

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from apps.rag.types import Arriving, Scope


class KauriConfig(AppConfig):
    name = "kauri"
    label = "kauri"

    def ready(self) -> None:
        from apps.rag.arrivals import arrivals_known_to  # noqa: PLC0415 - as the next
        from kauri import celery, checks  # noqa: F401, PLC0415 - both need the settings, so not at import

        arrivals_known_to(_arriving)


def _arriving(scope: "Scope") -> "Arriving":
    """Ask the ledger of imports: the engine knows no documents."""
    from apps.knowledge.selectors import texts_arriving  # noqa: PLC0415 - few commands need it

    return texts_arriving(scope)
