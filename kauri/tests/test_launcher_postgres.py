"""The embedded PostgreSQL, for real: roles, restarts, crashes."""

import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kauri.launcher.errors import LaunchError
from kauri.launcher.folders import MAX_SOCKET_DIR_BYTES
from kauri.launcher.pg_account import account_for, cluster_folder, orphans
from kauri.launcher.postgres import EmbeddedPostgres
from kauri.launcher.process import record_read


@pytest.fixture
def var_dir(tmp_path: Path) -> Path:
    path = tmp_path / "dossier privé d'été"
    path.mkdir(mode=0o700)
    return path / "var"


@pytest.fixture
def postgres(var_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(var_dir, is_durable=False)
    yield server
    server.remove()


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_roles_database_and_extension(postgres: EmbeddedPostgres) -> None:
    urls = postgres.start()
    rights = "SELECT rolsuper, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert rows(urls.owner_url, rights) == [(False, True, False)]
    assert rows(urls.app_url, rights) == [(False, False, False)]
    assert rows(urls.app_url, "SELECT count(*) FROM pg_extension WHERE extname = 'vector'") == [(1,)]
    rows(urls.owner_url, "CREATE TABLE note (id bigserial PRIMARY KEY, meaning vector(2))")
    rows(urls.app_url, "INSERT INTO note (meaning) VALUES ('[1,2]')")
    assert rows(urls.app_url, "SELECT id FROM note") == [(1,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(urls.app_url, "DROP TABLE note")


def test_a_test_database_is_born_with_extension_and_rights(postgres: EmbeddedPostgres) -> None:
    urls = postgres.start()
    rows(urls.owner_url, "CREATE DATABASE test_kauri")
    owner, app = (url.replace("/kauri?", "/test_kauri?") for url in (urls.owner_url, urls.app_url))
    rows(owner, "CREATE TABLE note (meaning vector(2))")
    assert rows(app, "SELECT * FROM note") == []


def test_only_its_owner_reaches_the_socket(postgres: EmbeddedPostgres) -> None:
    urls = postgres.start()
    folder = Path(urls.app_url.split("host=")[1].split("&")[0])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder)) <= MAX_SOCKET_DIR_BYTES
    assert rows(urls.superuser_url, "SHOW listen_addresses") == [("",)]


def test_a_foreign_servers_variables_change_nothing(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGDATA", "/nowhere")
    assert rows(postgres.start().app_url, "SELECT 1") == [(1,)]


def test_connections_keep_the_memory_that_a_walk_frees(postgres: EmbeddedPostgres, var_dir: Path) -> None:
    postgres.start()
    pid = json.loads((var_dir / "run" / "postgres.json").read_text(encoding="utf-8"))["pid"]
    assert b"MALLOC_TRIM_THRESHOLD_=16777216" in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


def test_rows_survive_a_restart_and_the_folder_does_not(postgres: EmbeddedPostgres, var_dir: Path) -> None:
    urls = postgres.start()
    rows(urls.owner_url, "CREATE TABLE note AS SELECT 7 AS id")
    postgres.stop()
    assert not Path(urls.app_url.split("host=")[1].split("&")[0]).exists()
    assert not postgres.is_running()
    again = EmbeddedPostgres(var_dir, is_durable=False)
    assert rows(again.start().app_url, "SELECT id FROM note") == [(7,)]
    again.stop()


def test_a_killed_server_comes_back_with_its_rows(var_dir: Path) -> None:
    postgres = EmbeddedPostgres(var_dir)
    urls = postgres.start()
    rows(urls.owner_url, "CREATE TABLE note AS SELECT 7 AS id")
    record = record_read(postgres.var_dir / "run" / "postgres.json")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)  # its children hold the data folder for up to two seconds
    assert rows(postgres.start().app_url, "SELECT id FROM note") == [(7,)]
    postgres.remove()


def test_a_stray_of_an_earlier_start_is_replaced(postgres: EmbeddedPostgres, var_dir: Path) -> None:
    postgres.start()
    stray = record_read(var_dir / "run" / "postgres.json")
    later = EmbeddedPostgres(var_dir, is_durable=False)
    assert rows(later.start().app_url, "SELECT 1") == [(1,)]
    assert stray is not None
    assert not postgres.is_running()
    later.stop()


def test_an_interrupted_creation_leaves_no_half_cluster(postgres: EmbeddedPostgres, var_dir: Path) -> None:
    cluster = cluster_folder(var_dir, account_for(var_dir))
    half = cluster.with_name("cluster.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    assert rows(postgres.start().app_url, "SELECT 1") == [(1,)]
    assert not half.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to be kept from another user's cluster")
def test_root_does_not_touch_a_users_cluster(var_dir: Path) -> None:
    own = var_dir / "postgres" / "cluster"
    own.mkdir(parents=True)
    with pytest.raises(LaunchError, match="start Kauri as that user"):
        EmbeddedPostgres(var_dir).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's cluster lies in var itself")
def test_a_new_clone_at_an_old_path_starts_afresh(postgres: EmbeddedPostgres, var_dir: Path) -> None:
    rows(postgres.start().owner_url, "CREATE TABLE note ()")
    postgres.stop()
    first = cluster_folder(var_dir, account_for(var_dir))
    assert first.parent not in orphans()
    var_dir.rename(var_dir.with_name("moved"))
    assert first.parent in orphans()
    fresh = EmbeddedPostgres(var_dir, is_durable=False)
    assert rows(fresh.start().app_url, "SELECT count(*) FROM pg_tables WHERE tablename = 'note'") == [(0,)]
    fresh.remove()
    assert first.exists()
    EmbeddedPostgres(var_dir.with_name("moved"), is_durable=False).remove()
    assert not first.exists()
