"""The cache of vectors keeps bytes and JSON under the keys that it is given, and runs nothing."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django_redis import get_redis_connection

from kauri.lib.plaincache import PlainSerializer

cache = caches["vectors"]


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("value", [b"", b"12", b"\xff\x00", 0, 7, 1.5, "text", None, [1, 2.5], {"a": [True]}])
def test_what_is_kept_comes_back(value: Any) -> None:
    cache.set_many({"k": value})
    assert cache.get_many(["k"]) == {"k": value}


def test_keys_are_found_under_their_own_names() -> None:
    cache.set("embed:1", b"x", timeout=60)
    assert get_redis_connection("vectors").keys("embed:*") == [b"embed:1"]
    assert list(cache.iter_keys("embed:*")) == ["embed:1"]  # type: ignore[attr-defined]  # django_redis adds it


class Touch:
    """Makes a file wherever it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_in_the_cache_is_not_opened(tmp_path: Path) -> None:
    get_redis_connection("vectors").set("k", pickle.dumps(Touch(tmp_path / "touched")))
    with pytest.raises(ValueError, match=r"."):
        cache.get("k")
    assert not (tmp_path / "touched").exists()


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(TypeError):
        PlainSerializer({}).dumps(object())
