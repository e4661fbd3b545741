"""How many texts an import has yet to enter in the ledger: whoever imports says so in the state store.

A hint for those who ask meanwhile, and no more: it goes by itself where the import is cut off.
"""

from django.core.cache import caches

KEY = "imports:announced"
# A start that has announced its samples takes less to begin with them, and one large file less to be worked on.
FRESH_S = 180


def announce(n_texts: int) -> None:
    """Say that so many texts are about to be imported into the shared base, 0 for none."""
    if n_texts:
        caches["state"].set(KEY, n_texts, timeout=FRESH_S)
    else:
        caches["state"].delete(KEY)


def n_announced() -> int:
    """Return how many are; 0 when the state store is away."""
    return int(caches["state"].get(KEY) or 0)
