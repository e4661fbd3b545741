"""The web process that the tests of this app talk to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker
from redis import Redis

from apps.chat.tests.live import LiveDatabase, Person, WebProcess
from apps.rag.tests.providers import ProviderServer, serve


@pytest.fixture(scope="session")
def live_database(django_db_blocker: DjangoDbBlocker) -> Iterator[LiveDatabase]:
    # pytest makes one for each folder that takes this fixture over
    database = LiveDatabase(f"kauri_chat_{uuid4().hex[:12]}")
    with django_db_blocker.unblock():
        database.create()
    yield database
    with django_db_blocker.unblock():
        database.drop()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined] # the fixture


@pytest.fixture(scope="session")
def provider_server() -> Iterator[ProviderServer]:
    with serve("good") as server:
        yield server


@pytest.fixture
def provider(provider_server: ProviderServer) -> Iterator[ProviderServer]:
    """A model provider whose mode a test may change; answers of the tests before are forgotten."""
    with Redis.from_url(settings.REDIS_CACHE_URL) as kept:
        kept.flushdb()
    provider_server.mode, provider_server.delay_s = "good", 0.0
    yield provider_server
    provider_server.mode, provider_server.delay_s = "good", 0.0


@pytest.fixture(scope="session")
def web(
    live_database: LiveDatabase, provider_server: ProviderServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProcess]:
    process = WebProcess(live_database, **web_environment(provider_server, tmp_path_factory.mktemp("var")))
    process.start()
    yield process
    process.stop()


def web_environment(provider: ProviderServer, var_dir: Path) -> dict[str, str]:
    return {
        "KAURI_VAR_DIR": str(var_dir),
        "DEEPSEEK_API_KEY": "a key that only the loopback sees",
        "DEEPSEEK_BASE_URL": provider.url,
        "LLM_FIRST_TOKEN_TIMEOUT_S": "5",
    }


@pytest.fixture
def owner(live_database: LiveDatabase, django_db_blocker: DjangoDbBlocker) -> Person:
    with django_db_blocker.unblock():
        return live_database.person("owner")


@pytest.fixture
def cast(owner: Person, live_database: LiveDatabase, django_db_blocker: DjangoDbBlocker) -> Callable[[str], Person]:
    """Return the others of every permission test: colleague, curator, stranger."""

    def member(role: str) -> Person:
        with django_db_blocker.unblock():
            return live_database.person(role, colleague_of=owner.user_id if role == "colleague" else None)

    return member
