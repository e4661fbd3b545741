"""What `manage.py up` says before it starts anything; the whole stack is tried in e2e."""

import ast
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kauri.launcher.errors import AlreadyRunning, LaunchError
from kauri.launcher.options import UpOptions
from kauri.launcher.preflight import only_one, port_check
from kauri.launcher.refusal import REFUSED
from kauri.launcher.stamp import stamp_holds, stamp_write
from kauri.launcher.texts import BASE_DIR


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env={**os.environ, "LANGUAGE": "en", "KAURI_DB_POOL": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_sentence(finished: subprocess.CompletedProcess[str]) -> str:
    assert finished.stderr == ""
    lines = [line.removeprefix("kauri    | ") for line in finished.stdout.splitlines()]
    assert len(lines) == 1, finished.stdout
    return lines[0]


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished = run("manage.py", "up", "--port", port, "--var-dir", str(tmp_path / "var"))
    assert finished.returncode == 1
    assert port in one_sentence(finished)


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_a_port_that_cannot_be(tmp_path: Path, port: str) -> None:
    finished = run("manage.py", "up", "--port", port, "--var-dir", str(tmp_path / "var"))
    assert finished.returncode == 1
    assert port in one_sentence(finished)


def test_a_second_up_on_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with only_one(tmp_path):
        finished = run("manage.py", "up", "--var-dir", str(tmp_path))
    assert finished.returncode == AlreadyRunning.exit_code
    assert f"process {os.getpid()}" in one_sentence(finished) or f"processus {os.getpid()}" in one_sentence(finished)


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with only_one(tmp_path):
        pass
    with only_one(tmp_path):
        assert (tmp_path / "run" / "up.lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_written_to() -> None:
    # The kernel's own folder refuses root too.
    folder = "/proc/kauri" if sys.platform == "linux" else "/dev/kauri"
    finished = run("manage.py", "up", "--var-dir", folder)
    assert finished.returncode == 1
    assert folder in one_sentence(finished)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; the test above is root's")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    finished = run("manage.py", "up", "--var-dir", str(tmp_path / "var"))
    tmp_path.chmod(0o700)
    assert finished.returncode == 1
    assert "--var-dir" in one_sentence(finished)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    finished = run("manage.py", "up", "--var-dir", str(tmp_path / "var"))
    assert finished.returncode == 1
    assert "--var-dir" in one_sentence(finished)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may take any port")
def test_a_reserved_port() -> None:
    with pytest.raises(LaunchError, match="1024"):
        port_check("127.0.0.1", 80)


def test_help_lists_the_options() -> None:
    finished = run("manage.py", "up", "--help")
    assert finished.returncode == 0
    assert all(option in finished.stdout for option in ("--port", "--var-dir", "--no-samples", "--host"))


def test_manage_parses_on_an_old_python() -> None:
    ast.parse((BASE_DIR / "manage.py").read_text("utf-8"), feature_version=(3, 6))


def test_manage_refuses_an_old_python_in_one_sentence() -> None:
    code = (
        f"import sys; sys.version_info = (3, 9, 2); sys.path.insert(0, {str(BASE_DIR)!r}); import manage; manage.main()"
    )
    finished = run("-c", code)
    assert finished.returncode == 1
    assert "3.11" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_manage_without_its_packages_says_so() -> None:
    finished = run("-S", "manage.py", "doctor")
    assert finished.returncode == 1
    assert "make run" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_a_command_without_a_database_says_so(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "KAURI_VAR_DIR": str(tmp_path), "KAURI_DB_POOL": "0"}
    finished = run("manage.py", "showmigrations", **nowhere)
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].endswith("make run")
    assert "Traceback" not in finished.stderr


def test_doctor_names_what_is_missing(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_STATE_URL": "", "REDIS_CACHE_URL": ""}
    finished = run("manage.py", "doctor", "--json", **nowhere, KAURI_VAR_DIR=str(tmp_path))
    assert finished.returncode == 1
    answer = json.loads(finished.stdout)
    assert answer["ok"] is False
    missing = {finding["name"]: finding["advice"] for finding in answer["findings"] if finding["state"] == "missing"}
    assert {"PostgreSQL", "pgvector", "Valkey (state)"} <= set(missing)
    assert all(missing.values())


def test_the_stamp_is_about_this_code_and_this_database(
    tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    url = os.environ["DATABASE_OWNER_URL"].replace("/kauri?", f"/{connection.settings_dict['NAME']}?")
    path = tmp_path / "migrated.json"
    assert not stamp_holds(path, url)
    stamp_write(path, url)
    assert stamp_holds(path, url)
    assert not stamp_holds(path, os.environ["DATABASE_OWNER_URL"]), "an empty database has no table of migrations"
    noted = json.loads(path.read_text())
    path.write_text(json.dumps({**noted, "code": "another release"}))
    assert not stamp_holds(path, url)
    path.write_text("{")
    assert not stamp_holds(path, url)


def test_the_samples_are_where_the_import_looks() -> None:
    from kauri.launcher.commands import samples_import

    options = UpOptions(host="127.0.0.1", port=1, var_dir=Path("/nowhere"), has_samples=True)
    paths = [Path(word) for word in samples_import(options).argv if "samples" in word]
    assert len(paths) == 2
    assert all(path.exists() for path in paths)


def test_a_web_process_that_would_refuse_again_says_so_and_why(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "", "KAURI_VAR_DIR": str(tmp_path), "EMBEDDER": "of nobody"}
    finished = run("-m", "kauri.launcher.web", "kauri.asgi:application", **nowhere)
    assert finished.returncode == REFUSED
    assert finished.stderr.splitlines()[-1].startswith("EMBEDDER=of nobody")
