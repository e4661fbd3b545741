"""Which texts are still on their way into a scope: who keeps the documents knows, and the engine asks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError

from apps.rag.types import Arriving, Scope
from kauri.lib.db import run_db

if TYPE_CHECKING:
    from apps.rag.ports import Arrivals

logger = logging.getLogger(__name__)

# Of an answer or a refusal while texts are being imported: what completes it, or answers, may be among them.
TEXTS_ARRIVING: Final = "texts_arriving"


def nothing_arrives(scope: Scope) -> Arriving:
    """Know of no texts but those that are there: an engine without documents behind it."""
    return Arriving(0, 0)


_known: Arrivals = nothing_arrives


def arrivals_known_to(source: Arrivals) -> None:
    """Let the engines that are built from now on ask `source`; kauri's start names it."""
    global _known  # noqa: PLW0603 - one a process, named at its start
    _known = source


def arrivals_known() -> Arrivals:
    """Return whom an engine asks."""
    return _known


async def arriving_now(arrivals: Arrivals, scope: Scope) -> Arriving | None:
    """Return what is being imported into a scope; None where nothing is, or nobody knows."""
    try:
        arriving = await run_db(arrivals, scope)
    except DatabaseError as error:
        logger.warning("not known what is being imported", extra={"reason": type(error).__name__})
        return None
    return arriving if arriving.n_coming else None
