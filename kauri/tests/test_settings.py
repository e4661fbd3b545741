import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from kauri import env
from kauri.connections import broker_url, database

ROOT = Path(__file__).resolve().parents[2]


def test_env_example_names_exactly_what_is_read() -> None:
    listed = set(re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert settings.KAURI_ROLE  # the settings have been read, so env.READ is whole
    assert listed == env.READ


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("KAURI_PORT", "http", "KAURI_PORT=http: expected a whole number."),
        ("KAURI_ROLE", "everything", "KAURI_ROLE=everything: expected one of all, chat, rag, knowledge."),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL: mysql:// is not PostgreSQL. Expected postgresql://…."),
        ("KAURI_SECRET_KEY_FILE", "/nowhere", "KAURI_SECRET_KEY_FILE: /nowhere cannot be read"),
    ],
)
def test_a_bad_value_stops_the_boot_with_a_sentence(name: str, value: str, sentence: str, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "KAURI_VAR_DIR": str(tmp_path), "PYTHONIOENCODING": "utf-8", name: value}
    run = subprocess.run(
        [sys.executable, "-c", "import kauri.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert run.returncode == 1
    assert run.stderr.strip().startswith(sentence)
    assert "Traceback" not in run.stderr


def test_urls_reach_each_client_in_its_own_spelling() -> None:
    assert broker_url("unix:///tmp/k/state.sock?db=2") == "redis+socket:///tmp/k/state.sock?virtual_host=2"
    assert broker_url("redis://h:6379/0") == "redis://h:6379/0"
    socket = database("postgresql://kauri_app@/kauri?host=/tmp/k", pool_size=0)
    assert (socket["HOST"], socket["USER"], socket["NAME"]) == ("/tmp/k", "kauri_app", "kauri")
    tcp = database("postgresql://u:p%40ss@db.example:5433/k?sslmode=require", pool_size=4)
    assert (tcp["HOST"], tcp["PORT"], tcp["PASSWORD"]) == ("db.example", "5433", "p@ss")
    assert tcp["OPTIONS"]["sslmode"] == "require"


def test_a_dotenv_file_gives_defaults_and_names_its_bad_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text('# a comment\n\nKAURI_TEST_ONE="a b"\nKAURI_TEST_TWO=given\n', encoding="utf-8")
    monkeypatch.setenv("KAURI_TEST_TWO", "kept")
    monkeypatch.setenv("KAURI_TEST_ONE", "")
    monkeypatch.delenv("KAURI_TEST_ONE")
    env.load(path)
    assert (env.text("KAURI_TEST_ONE"), env.text("KAURI_TEST_TWO")) == ("a b", "kept")
    env.READ.difference_update({"KAURI_TEST_ONE", "KAURI_TEST_TWO"})
    path.write_text("export X\n", encoding="utf-8")
    with pytest.raises(env.BadSetting, match="line 1: expected NAME=value"):
        env.load(path)
