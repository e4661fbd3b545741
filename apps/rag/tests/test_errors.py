"""Each error of the engine says its own sentence, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from apps.rag import errors as of_engine  # noqa: F401 - as above
from apps.rag.generation import errors as of_models  # noqa: F401 - as above
from kauri.lib.errors import KauriError


def kinds(base: type[KauriError]) -> Iterator[type[KauriError]]:
    """Yield every kind of error below `base`."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("kind", [kind for kind in kinds(KauriError) if kind.__module__.startswith("apps.")])
def test_it_says_its_own_sentence(kind: type[KauriError]) -> None:
    assert "message" not in vars(kind), "what an instance says comes from default_message"
    if "default_message" in vars(kind):
        with translation.override("en"):
            english = str(kind())
        with translation.override("fr"):
            assert str(kind()) not in {"", english, str(KauriError.default_message)}
