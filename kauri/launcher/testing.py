"""The stores of the test suite: one PostgreSQL and two Valkeys in a temporary folder."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kauri.launcher.postgres import EmbeddedPostgres
from kauri.launcher.valkey import EmbeddedValkey

N_VALKEY_DATABASES = 16
_STORES = "KAURI_TEST_STORES"
# What a developer's shell may hold must not reach the tests: keys would call real providers.
_FOREIGN = (
    "DATABASE_",
    "REDIS_",
    "DEEPSEEK_",
    "OPENAI_",
    "KAURI_",
    "EMAIL_URL",
    "EMBED",
    "RERANK",
    "LLM_",
    "OTEL_",
    "DJANGO_SETTINGS",
)
_DATA_FOLDER = "KAURI_DATA_DIR"  # where tests find real texts: asked for by whoever runs them


@contextmanager
def stores_running() -> Iterator[dict[str, str]]:
    """Start the stores, yield the environment that points Django at them, stop and remove them.

    Both database URLs name `kauri_owner`, who may create the test databases; the extension
    `vector` comes with every one of them. Files go to a `var` folder beside the stores'.
    """
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="kauri-test-", ignore_cleanup_errors=True))
        )
        postgres = EmbeddedPostgres(folder, is_durable=False)
        stack.callback(postgres.remove)
        urls = postgres.start()
        state, cache = EmbeddedValkey(folder, "state"), EmbeddedValkey(folder, "cache")
        for valkey in (state, cache):
            stack.callback(valkey.stop)
        yield {
            "DATABASE_URL": urls.owner_url,
            "DATABASE_OWNER_URL": urls.owner_url,
            "REDIS_STATE_URL": state.start(),
            "REDIS_CACHE_URL": cache.start(),
            "KAURI_VAR_DIR": str(folder / "var"),
        }


@contextmanager
def test_environment() -> Iterator[None]:
    """Put the stores' environment in place for the length of a test run, before settings load.

    pytest-xdist's workers find the stores of the process that started them; each has a `var`
    folder and a Valkey database number of its own.
    """
    with ExitStack() as stack:
        before = dict(os.environ)
        if _STORES not in os.environ:
            environment = stack.enter_context(stores_running())
            for name in [name for name in os.environ if name.startswith(_FOREIGN) and name != _DATA_FOLDER]:
                del os.environ[name]
            os.environ.update(environment, **{_STORES: "1"})
        else:
            os.environ.update(_worker_environment(os.environ.get("PYTEST_XDIST_WORKER", "gw0")))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _worker_environment(worker: str) -> dict[str, str]:
    number = (int(worker.removeprefix("gw")) + 1) % N_VALKEY_DATABASES
    return {
        "REDIS_STATE_URL": os.environ["REDIS_STATE_URL"].replace("?db=0", f"?db={number}"),
        "REDIS_CACHE_URL": os.environ["REDIS_CACHE_URL"].replace("?db=0", f"?db={number}"),
        "KAURI_VAR_DIR": f"{os.environ['KAURI_VAR_DIR']}-{worker}",
    }
