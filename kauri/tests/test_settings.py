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
        ("LLM_ORDER", "openai,mistral", "LLM_ORDER=mistral: expected some of deepseek, openai, llm."),
        ("LLM_BASE_URL", "http://127.0.0.1:11434/v1", "LLM_BASE_URL and LLM_MODEL: both are needed"),
        ("LLM_GAP_TIMEOUT_S", "soon", "LLM_GAP_TIMEOUT_S=soon: expected a number of seconds."),
        ("EMBEDDER", "word2vec", "EMBEDDER=word2vec: expected one of builtin, none, bge, remote."),
        ("EMBEDDER", "remote", "EMBEDDER=remote needs EMBEDDER_BASE_URL and EMBEDDER_MODEL"),
        ("EMBED_BATCH", "0", "EMBED_BATCH=0: expected 1 to 512."),
        ("EMBEDDER_DIMENSION", "9999", "EMBEDDER_DIMENSION=9999: expected 8 to 4000."),
        ("RERANKER", "cohere", "RERANKER=cohere: expected one of builtin, none, flag, cross-encoder."),
        ("RERANK_DEADLINE_S", "soon", "RERANK_DEADLINE_S=soon: expected a number of seconds."),
        ("KAURI_SECRET_KEY_FILE", "/nowhere", "KAURI_SECRET_KEY_FILE: /nowhere cannot be read"),
        ("KAURI_ROLE", "chat", "KAURI_RAG_URL is missing: a process of this role has no engine of its own."),
        ("KAURI_ROLE", "knowledge", "KAURI_RAG_URL is missing: a process of this role has no engine of its own."),
        ("KAURI_RAG_URL", "http://rag:50051", "KAURI_RAG_URL=http://rag:50051: expected grpc://host:port"),
        ("KAURI_RAG_URL", "grpc://rag", "KAURI_RAG_URL=grpc://rag: expected grpc://host:port"),
        ("KAURI_RAG_URL", "grpc://rag:port", "KAURI_RAG_URL=grpc://rag:port: expected grpc://host:port"),
        ("KAURI_RAG_SECRET", "short", "KAURI_RAG_SECRET is too short: expected 32 characters or more."),
        ("KAURI_GRPC_CERT", "PEM", "KAURI_GRPC_CERT and KAURI_GRPC_KEY belong together: one of them is missing."),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector",
            "OTEL_EXPORTER_OTLP_ENDPOINT=collector: expected http://host:port",
        ),
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


def test_a_server_of_ones_own_needs_no_key_and_the_order_is_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    monkeypatch.setenv("LLM_MODEL", "mistral")
    monkeypatch.setenv("LLM_ORDER", "llm, openai")
    openai = env.provider("OPENAI", base_url="https://api.openai.com/v1", model="gpt-4o-mini")
    deepseek = env.provider("DEEPSEEK", base_url="https://api.deepseek.com/v1", model="deepseek-chat")
    own = env.provider("LLM")
    assert [each["name"] for each in env.providers(deepseek, openai, own)] == ["llm", "openai"]
    assert own["api_key"] == "none"


@pytest.mark.parametrize("role", ["all", "rag"])
def test_a_role_with_an_engine_of_its_own_needs_no_address_of_one(role: str, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "KAURI_VAR_DIR": str(tmp_path), "KAURI_ROLE": role}
    run = subprocess.run([sys.executable, "-c", "import kauri.settings"], cwd=ROOT, env=environment, check=False)
    assert run.returncode == 0
