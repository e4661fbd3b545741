"""The check of an engine in another process."""

import asyncio

from django.conf import settings
from django.utils.translation import gettext as _

from apps.rag.errors import TokenRefused
from apps.rag.grpc.client import RemoteEngine
from kauri.lib.errors import KauriError
from kauri.management.findings import Finding, missing, note, ok
from kauri.management.store_checks import start_advice


def engine() -> Finding | None:
    """Ask the engine of another process, where this one answers through it."""
    url = settings.KAURI_RAG_URL
    if not url or settings.KAURI_ROLE == "rag":
        return None
    name = _("Engine")
    try:
        is_warm = asyncio.run(_is_warm(url))
    except KauriError as error:
        if isinstance(error.__cause__, TokenRefused):
            return missing(
                name, url, _("It refuses our questions: KAURI_RAG_SECRET must be the same in both processes.")
            )
        return missing(name, url, start_advice("KAURI_RAG_URL"))
    if not is_warm:
        return note(name, url, _("It is still getting ready: the first answers take longer."))
    return ok(name, url)


async def _is_warm(url: str) -> bool:
    remote = RemoteEngine(url)
    try:
        await remote.look()
    finally:
        await remote.close()
    return remote.is_warm
