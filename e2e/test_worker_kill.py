"""The worker is killed ten times in the middle of an import: every document ends ready, once, no passage twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from e2e.stack import ROOT, until
from kauri.launcher.testing import stores_running

N_DOCUMENTS = 24
N_ARTICLES = 60
N_KILLS = 10
# The stages at which it is killed, in turn; the short ones are watched for, the long ones are easy.
WANTED = ("parsing", "chunking", "saving", "staging", "embedding", "publishing")
PATIENCE_S = 1.5

SENTENCE = (
    "Le commissaire numéro {n} de la société {name} remet son rapport aux associés dans un délai de {n} jours "
    "à compter de la clôture de l'exercice, sous peine d'une amende de {n} mille francs. "
)


class Workshop:
    """Stores of their own and one worker that is started again at once; `up` would pause longer each time."""

    def __init__(self, environment: Mapping[str, str], log_path: Path) -> None:
        foreign = ("DATABASE_", "REDIS_", "KAURI_", "PYTEST_")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | dict(
            environment
        )
        self.log = log_path.open("ab")
        self.worker: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, check=True, timeout=300)

    def start_worker(self) -> None:
        command = (sys.executable, "-m", "celery", "-A", "kauri", "worker", "-B", "--concurrency", "2")
        schedule = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
        self.worker = subprocess.Popen(
            (*command, *schedule), cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def kill_worker(self) -> None:
        """Kill the worker's main process as the kernel would; its pool is left to end by itself."""
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait(10)

    def close(self) -> None:
        if self.worker is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait(10)
        self.log.close()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with stores_running() as environment:
        shop = Workshop(environment, tmp_path / "worker.log")
        try:
            shop.manage("migrate", "--verbosity", "0")
            shop.start_worker()
            log_path = tmp_path / "worker.log"
            until(lambda: b" ready." in log_path.read_bytes(), timeout_s=120, what="the worker is ready")
            yield shop
        finally:
            shop.close()


def _write_documents(folder: Path) -> None:
    folder.mkdir()
    for number in range(N_DOCUMENTS):
        name = f"Acte {chr(ord('A') + number)}"
        articles = [f"Article {n}\n{SENTENCE.format(n=n, name=name) * 3}" for n in range(1, N_ARTICLES + 1)]
        (folder / f"acte{number}.md").write_text(f"# {name}\n\n" + "\n\n".join(articles), encoding="utf-8")


def _queue(shop: Workshop, folder: Path, database: psycopg.Connection[tuple[object, ...]]) -> None:
    """Hand the folder to the worker and leave the command with Ctrl-C: the imports go on without it."""
    command = subprocess.Popen(
        [sys.executable, "manage.py", "kb_import", str(folder), "--namespace", "references"],
        cwd=ROOT,
        env=shop.env,
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


def _kill_at(shop: Workshop, database: psycopg.Connection[tuple[object, ...]], wanted: str) -> str:
    """Kill the worker while it has a job at `wanted`, or at any stage after PATIENCE_S, and start another.

    Returns the stage, or "" when every import has ended.
    """
    until(lambda: _held(shop, database) or _is_over(database), timeout_s=120, what="the worker holds a job")
    deadline = time.monotonic() + PATIENCE_S
    while not _is_over(database):
        stages = _held(shop, database)
        if wanted in stages or (stages and time.monotonic() > deadline):
            shop.kill_worker()
            shop.start_worker()
            return wanted if wanted in stages else stages[0]
        time.sleep(0.001)
    return ""


def _is_over(database: psycopg.Connection[tuple[object, ...]]) -> bool:
    return _one(database, "SELECT count(*) FROM knowledge_ingestionjob WHERE state IN ('waiting', 'running')") == 0


def _held(shop: Workshop, database: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Return the stages of the jobs that the living worker's pool processes hold."""
    assert shop.worker is not None
    running = database.execute("SELECT stage, owner FROM knowledge_ingestionjob WHERE state = 'running'")
    return [str(stage) for stage, owner in running if _is_child(str(owner).split(":")[1], shop.worker.pid)]


def _is_child(child: str, parent: int) -> bool:
    try:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[1]) == parent


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(900)
def test_a_worker_killed_ten_times_loses_and_doubles_nothing(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "textes"
    _write_documents(folder)
    with psycopg.connect(workshop.env["DATABASE_URL"], autocommit=True) as database:
        _queue(workshop, folder, database)
        wanted = [WANTED[n % len(WANTED)] for n in range(N_KILLS)]
        killed_at = [stage for stage in (_kill_at(workshop, database, stage) for stage in wanted) if stage]
        until(lambda: _is_over(database), timeout_s=300, what="every import has ended")
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
