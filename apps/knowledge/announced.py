"""How many texts an import has yet to enter in the ledger: whoever imports says so in the state store.

A hint for those who ask meanwhile, and no more: it goes by itself where the import is cut off.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.cache import caches

from kauri.lib import clock

KEY = "imports:announced-at"
# A start that has announced its samples takes less to begin with them, and one large file less to be worked on.
FRESH_S = 180


@dataclass(frozen=True, slots=True)
class Announced:
    """So many texts were about to come at a moment: what entered the ledger since is no longer to be added."""

    n_texts: int
    at: datetime


def announce(n_texts: int) -> None:
    """Say that so many texts are about to be imported into the shared base, 0 for none."""
    if n_texts:
        caches["state"].set(KEY, (n_texts, clock.now().timestamp()), timeout=FRESH_S)
    else:
        caches["state"].delete(KEY)


def announced() -> Announced | None:
    """Return what is; None where nothing is, or when the state store is away."""
    kept = caches["state"].get(KEY)
    return Announced(kept[0], datetime.fromtimestamp(kept[1], UTC)) if kept else None


def n_announced() -> int:
    """Return how many were said to come; 0 when the state store is away."""
    kept = announced()
    return kept.n_texts if kept else 0
