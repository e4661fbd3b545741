"""The two embedded Valkeys, for real."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from kauri.launcher.process import record_read
from kauri.launcher.valkey import EmbeddedValkey


@pytest.fixture
def state(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path / "un dossier à part", "state")
    yield server
    server.stop()


def settings_of(client: "redis.Redis", *names: str) -> list[object]:
    return [client.config_get(name)[name] for name in names]


def test_state_is_kept_through_kill_9(state: EmbeddedValkey, tmp_path: Path) -> None:
    with redis.Redis.from_url(state.start(), decode_responses=True) as client:
        client.xadd("turn", {"text": "é"}, id="1-0")
        wanted = ["yes", "everysec", "noeviction"]
        assert settings_of(client, "appendonly", "appendfsync", "maxmemory-policy") == wanted
    record = record_read(tmp_path / "un dossier à part" / "run" / "valkey-state.json")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    with redis.Redis.from_url(state.start(), decode_responses=True) as client:
        assert client.xrange("turn") == [("1-0", {"text": "é"})]


def test_the_cache_forgets_and_writes_nothing(tmp_path: Path) -> None:
    cache = EmbeddedValkey(tmp_path, "cache")
    try:
        with redis.Redis.from_url(cache.start(), decode_responses=True) as client:
            client.set("query:1", "x")
            assert settings_of(client, "maxmemory-policy", "appendonly", "save") == ["allkeys-lfu", "no", ""]
            assert int(client.config_get("maxmemory")["maxmemory"]) > 0
        cache.stop()
        with redis.Redis.from_url(cache.start()) as client:
            assert client.dbsize() == 0
        assert list((tmp_path / "valkey" / "cache").iterdir()) == []
    finally:
        cache.stop()


def test_stop_leaves_neither_process_nor_folder(state: EmbeddedValkey) -> None:
    url = state.start()
    state.stop()
    assert not state.is_running()
    assert not Path(url.removeprefix("unix://").split("?")[0]).parent.exists()


def test_it_stops_although_its_record_has_gone(state: EmbeddedValkey, tmp_path: Path) -> None:
    state.start()
    (tmp_path / "un dossier à part" / "run" / "valkey-state.json").unlink()
    state.stop()
    assert not state.is_ready()
