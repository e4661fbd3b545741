"""Fixtures of the corpus's tests."""

from typing import Any

import pytest

from apps.accounts.types import Principal
from apps.knowledge import services
from apps.knowledge.tests.people import Cast, make_cast


@pytest.fixture(autouse=True)
def _own_media_and_quick_passwords(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    # The real hash takes a quarter of a second for each of the cast, by design.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db: None) -> Cast:
    services.namespaces_seed()
    return make_cast()


@pytest.fixture
def curator(cast: Cast) -> Principal:
    return cast.principals["curator"]
