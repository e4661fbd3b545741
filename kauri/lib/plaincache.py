"""How the cache of vectors names and writes what it keeps: keys as they are given, bytes as they are, else JSON.

No pickle: whoever can write to the cache must not run code here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

_BYTES: Final = b"\xff"  # no JSON begins like this


class PlainSerializer:
    """Writes bytes behind a mark, and whatever else JSON knows as JSON; django-redis makes one with its options."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take no option."""

    def dumps(self, value: Any) -> bytes:
        """Raise TypeError for what is neither bytes nor JSON."""
        return _BYTES + value if isinstance(value, bytes) else json.dumps(value, cls=DjangoJSONEncoder).encode()

    def loads(self, value: bytes) -> Any:
        """Raise ValueError for what this did not write."""
        return value[1:] if value.startswith(_BYTES) else json.loads(value)


def key_as_given(key: str, prefix: str, version: int) -> str:
    """Return the key under which operators find it: `embed:…` and not `:1:embed:…`."""
    return key


def key_given(key: str) -> str:
    """Return what `key_as_given` was given."""
    return key
