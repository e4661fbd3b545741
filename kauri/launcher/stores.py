"""The stores of one `up`: embedded ones, or those that the environment names."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kauri import env
from kauri.launcher.postgres import EmbeddedPostgres
from kauri.launcher.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class Stores:
    """Addresses of the stores, and the embedded servers among them in the order in which they stop."""

    database_url: str
    database_owner_url: str
    redis_state_url: str
    redis_cache_url: str
    embedded: tuple[EmbeddedValkey | EmbeddedPostgres, ...]


@contextmanager
def stores_open(var_dir: Path) -> Iterator[Stores]:
    """Start what the environment does not give, and stop it at the end: Valkeys first, PostgreSQL last."""
    database_url = env.text("DATABASE_URL")
    owner_url = env.text("DATABASE_OWNER_URL") or database_url
    urls = {"state": env.text("REDIS_STATE_URL"), "cache": env.text("REDIS_CACHE_URL")}
    embedded: list[EmbeddedValkey | EmbeddedPostgres] = []
    with ExitStack() as stack:
        if not database_url:
            postgres = EmbeddedPostgres(var_dir)
            stack.callback(postgres.stop)
            started = postgres.start()
            database_url, owner_url = started.app_url, started.owner_url
            embedded.append(postgres)
        for role in ("cache", "state"):
            if not urls[role]:
                valkey = EmbeddedValkey(var_dir, role)
                stack.callback(valkey.stop)
                urls[role] = valkey.start()
                embedded.append(valkey)
        yield Stores(database_url, owner_url, urls["state"], urls["cache"], tuple(reversed(embedded)))


@contextmanager
def services_written(var_dir: Path, stores: Stores, *, web_url: str) -> Iterator[None]:
    """Tell every other command of this folder where the stores are, while they run."""
    path = var_dir / "run" / "services.json"
    addresses = {
        "database_url": stores.database_url,
        "database_owner_url": stores.database_owner_url,
        "redis_state_url": stores.redis_state_url,
        "redis_cache_url": stores.redis_cache_url,
    }
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({**addresses, "web_url": web_url, "pid": os.getpid()}, indent=1), "utf-8")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
