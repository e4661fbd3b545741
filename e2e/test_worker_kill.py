"""The worker is killed ten times in the middle of an import: every document ends ready, once, no passage twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from e2e.stack import ROOT, Stack, until

N_DOCUMENTS = 10
N_ARTICLES = 60
N_KILLS = 10
# The stages at which it is killed, in turn; the short ones are watched for, the long ones are easy.
WANTED = ("parsing", "chunking", "saving", "staging", "embedding", "publishing")
PATIENCE_S = 8.0

SENTENCE = (
    "Le commissaire numéro {n} de la société {name} remet son rapport aux associés dans un délai de {n} jours "
    "à compter de la clôture de l'exercice, sous peine d'une amende de {n} mille francs. "
)


@pytest.fixture
def bare_stack(tmp_path: Path) -> Iterator[Stack]:
    running = Stack(tmp_path, "--no-samples").start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def _database(stack: Stack) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    services = json.loads((stack.var_dir / "run" / "services.json").read_text())
    with psycopg.connect(services["database_url"], autocommit=True) as connection:
        yield connection


def _write_documents(folder: Path) -> None:
    folder.mkdir()
    for number in range(N_DOCUMENTS):
        name = f"Acte {chr(ord('A') + number)}"
        articles = [f"Article {n}\n{SENTENCE.format(n=n, name=name) * 3}" for n in range(1, N_ARTICLES + 1)]
        (folder / f"acte{number}.md").write_text(f"# {name}\n\n" + "\n\n".join(articles), encoding="utf-8")


def _queue(stack: Stack, folder: Path, database: psycopg.Connection[tuple[object, ...]]) -> None:
    """Hand the folder to the worker and leave the command with Ctrl-C: the imports go on without it."""
    command = subprocess.Popen(
        [sys.executable, "manage.py", "kb_import", str(folder), "--namespace", "references"],
        cwd=ROOT,
        env=stack.env | {"KAURI_VAR_DIR": str(stack.var_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Where the tests run in a shell's background, Ctrl-C is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    until(
        lambda: _one(database, "SELECT count(*) FROM knowledge_ingestionjob") == N_DOCUMENTS,
        timeout_s=120,
        what="every document has its job",
    )
    command.send_signal(signal.SIGINT)
    _out, error = command.communicate(timeout=60)
    assert command.returncode == 130, error.decode()


def _one(database: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = database.execute(query).fetchone()
    assert row is not None
    return row[0]


def _kill_at(stack: Stack, database: psycopg.Connection[tuple[object, ...]], wanted: str) -> str:
    """Kill the worker while it has a job at `wanted`, or at any stage after PATIENCE_S.

    Returns the stage, or "" when every import has ended.
    """
    until(lambda: _held(stack, database) or _is_over(database), timeout_s=120, what="the worker holds a job")
    deadline = time.monotonic() + PATIENCE_S
    while not _is_over(database):
        stages = _held(stack, database)
        if wanted in stages or (stages and time.monotonic() > deadline):
            os.kill(_worker(stack), signal.SIGKILL)
            return wanted if wanted in stages else stages[0]
        time.sleep(0.001)
    return ""


def _worker(stack: Stack) -> int:
    """Return the worker's pid; a number that nobody has while it is being started again."""
    try:
        return stack.pid_of("worker")
    except FileNotFoundError:
        return 2**30


def _is_over(database: psycopg.Connection[tuple[object, ...]]) -> bool:
    return _one(database, "SELECT count(*) FROM knowledge_ingestionjob WHERE state IN ('waiting', 'running')") == 0


def _held(stack: Stack, database: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Return the stages of the jobs that the living worker's pool processes hold."""
    worker = _worker(stack)
    running = database.execute("SELECT stage, owner FROM knowledge_ingestionjob WHERE state = 'running'")
    return [str(stage) for stage, owner in running if _is_child(str(owner).split(":")[1], worker)]


def _is_child(child: str, parent: int) -> bool:
    try:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[1]) == parent


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(900)
def test_a_worker_killed_ten_times_loses_and_doubles_nothing(bare_stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "textes"
    _write_documents(folder)
    with _database(bare_stack) as database:
        _queue(bare_stack, folder, database)
        killed_at = [
            stage for n in range(N_KILLS) if (stage := _kill_at(bare_stack, database, WANTED[n % len(WANTED)]))
        ]
        until(
            lambda: _one(database, "SELECT bool_and(state IN ('ready', 'failed')) FROM knowledge_ingestionjob"),
            timeout_s=300,
            what="every import has ended",
        )
        print(f"killed at {killed_at}")
        assert len(killed_at) == N_KILLS, killed_at
        assert len(set(killed_at)) >= 3, killed_at
        _nothing_lost_nothing_twice(database)


def _nothing_lost_nothing_twice(database: psycopg.Connection[tuple[object, ...]]) -> None:
    states = database.execute("SELECT state, count(*) FROM knowledge_ingestionjob GROUP BY 1").fetchall()
    assert states == [("ready", N_DOCUMENTS)]
    published = "SELECT count(*) FROM knowledge_documentversion WHERE state = 'published'"
    assert _one(database, "SELECT count(*) FROM knowledge_document") == N_DOCUMENTS
    assert _one(database, published) == N_DOCUMENTS
    per_version = database.execute(
        "SELECT count(*), count(DISTINCT ordinal), count(DISTINCT span_start), count(DISTINCT text)"
        " FROM knowledge_passage GROUP BY version_id"
    ).fetchall()
    assert len(per_version) == N_DOCUMENTS
    for counts in per_version:
        assert len(set(counts)) == 1, counts
        assert counts[0] == per_version[0][0], "documents of one shape are cut alike"
        assert int(str(counts[0])) >= N_ARTICLES
    n_passages = _one(database, "SELECT count(*) FROM knowledge_passage")
    joined = (
        "SELECT count(*) FROM knowledge_passage p JOIN rag_indexentry e ON e.passage_id = p.id AND e.state = 'live'"
        " JOIN rag_embedding v ON v.entry_id = e.id"
    )
    assert _one(database, joined) == n_passages
    assert _one(database, "SELECT count(*) FROM rag_indexentry") == n_passages
    assert _one(database, "SELECT count(*) FROM rag_embedding") == n_passages
    events = "SELECT count(*), count(DISTINCT key) FROM lib_outbox_event WHERE type = 'knowledge.document.published'"
    assert database.execute(events).fetchone() == (N_DOCUMENTS, N_DOCUMENTS)
