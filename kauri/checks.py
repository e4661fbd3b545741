"""System checks: what would go wrong later, said at the start."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def debug_is_not_public(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse debug pages on a public address."""
    if settings.DEBUG and settings.KAURI_PUBLIC_URL.startswith("https://"):
        return [
            Error("KAURI_DEBUG=1 with a public https address shows source code to visitors. Unset it.", id="kauri.E001")
        ]
    return []
