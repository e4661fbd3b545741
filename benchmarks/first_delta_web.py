"""How long a reader waits for the first word through the whole product: sign-in, chat, ledger, engine, stream.

    .venv/bin/python benchmarks/first_delta_web.py [DATASET] [--questions N] [--rounds N]

Starts Kauri as `manage.py up` does, on a folder of this run's own, with DATASET (default: retrieval/cgi_congo_2026 in
KAURI_DATA_DIR) as its texts and a model behind loopback that answers at once. A signed-in person asks one question
after the other over one HTTP connection, each round other questions, then all of them again:

    api     POST /v1/chat/query with Accept: text/event-stream, from the first byte sent to the first text
    page    as the page does in a conversation: the question, its fragment, then the stream
    cached  api, for questions that were answered before

`taken` is the time to the response's head (the question is saved by then), `found` to the passages, `first` to the
first text, `ended` to the last event. CPU is that of each process, for the whole of an answer. Targets for api: p95 of
`first` below 60 ms, cached below 10 ms. On a machine with other work CPU is the figure to compare.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")

import django
from web_client import PARTS, Browser, Heard

if TYPE_CHECKING:
    import psutil

    from apps.rag.evaluation.dataset import Dataset

TARGET_MS = {"api": 60.0, "cached": 10.0}
N_WARMING = 15
_READY_S, _STOP_S = 240, 40


@dataclass(frozen=True, slots=True)
class Machine:
    """The processes of one `up`, by what they are."""

    families: Mapping[str, psutil.Process]

    @classmethod
    def of(cls, var_dir: Path) -> Machine:
        """Read whose processes serve a folder."""
        import psutil

        names = {"web": "web", "postgres": "PostgreSQL", "valkey-state": "Valkey", "valkey-cache": "Valkey (cache)"}
        written = {shown: var_dir / "run" / f"{name}.json" for name, shown in names.items()}
        return cls({shown: psutil.Process(json.loads(path.read_text())["pid"]) for shown, path in written.items()})

    def cpu_ms(self) -> dict[str, float]:
        """Return the CPU time so far of each, with its children that live."""
        return {
            name: sum(
                sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)) if each.is_running()
            )
            * 1e3
            for name, process in self.families.items()
        }


def report(name: str, answers: Sequence[Heard], before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """Print one round: percentiles by part, CPU by process, the target."""
    from apps.rag.evaluation.metrics import percentile

    told = [answer.ms for answer in answers if "first" in answer.ms]
    if not told:
        raise SystemExit(f"{name}: no question was answered")
    parts = [
        f"{part} {percentile([ms[part] for ms in told], 0.5):.1f}/{percentile([ms[part] for ms in told], 0.95):.1f}"
        for part in PARTS
    ]
    cpu = ", ".join(f"{whose} {(after[whose] - before[whose]) / len(answers):.1f}" for whose in after)
    p95, target = percentile([ms["first"] for ms in told], 0.95), TARGET_MS.get(name)
    verdict = "" if target is None else f"  p95 < {target:.0f} ms: {'met' if p95 < target else 'MISSED'}"
    print(f"{name:<7} n={len(told):<3} p50/p95 ms: {'  '.join(parts)}{verdict}")
    print(f"        CPU ms an answer: {cpu}; load {os.getloadavg()[0]:.1f}", flush=True)


def measure(port: int, var_dir: Path, session: str, questions: Sequence[str], n_rounds: int) -> None:
    """Ask everything, in rounds, and report each."""
    browser, machine = Browser(port, session), Machine.of(var_dir)
    for question in questions[:N_WARMING]:
        browser.ask(question)
    asked = questions[N_WARMING:]
    for number in range(n_rounds):
        some = asked[number :: 2 * n_rounds]
        before = machine.cpu_ms()
        report("api", [browser.ask(question) for question in some], before, machine.cpu_ms())
    for number in range(n_rounds):
        some = asked[number + n_rounds :: 2 * n_rounds]
        before, answers, conversation_id = machine.cpu_ms(), [], ""
        for question in some:
            answers.append(browser.ask_on_page(question, conversation_id))
            conversation_id = answers[-1].conversation_id if len(answers) % 5 else ""
        report("page", answers, before, machine.cpu_ms())
    for number in range(n_rounds):
        some = asked[number :: 2 * n_rounds]
        before = machine.cpu_ms()
        report("cached", [browser.ask(question) for question in some], before, machine.cpu_ms())


def texts_put(dataset: Dataset, vectors: Path) -> None:
    """Index the dataset where everybody's questions look."""
    from django.core.cache import cache

    from apps.knowledge.models import Namespace
    from apps.rag.evaluation.index import corpora_index
    from apps.rag.evaluation.kept import vectors_keep, vectors_restore

    vectors_restore(vectors)
    for corpus in dataset.corpora:
        Namespace.objects.get_or_create(slug=corpus.namespace, defaults={"title": corpus.name})
    shelved = corpora_index(dataset.corpora, has_vectors=True)
    vectors_keep(vectors)
    cache.clear()  # the questions' own vectors may be among them
    print(f"{dataset.name}: {len(shelved)} passages", flush=True)


def session_made() -> str:
    """Sign somebody in; return the cookie."""
    from django.conf import settings
    from django.test import Client

    from apps.accounts.models import User
    from apps.accounts.services import user_create

    user = user_create(email="first.delta@example.com", password=secrets.token_hex(12))
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def run_here(options: argparse.Namespace) -> None:
    """Fill the stores of the Kauri that runs over this environment's folder, and measure it."""
    django.setup()
    from django.conf import settings

    from apps.rag.evaluation.dataset import dataset_read

    dataset = dataset_read(options.dataset, library=Path(settings.KAURI_DATA_DIR))
    texts_put(dataset, options.on_this_folder)
    session = session_made()
    wait_until_ready(settings.KAURI_PORT, is_whole=True)
    questions = [query.text for query in dataset.queries][: options.questions + N_WARMING]
    measure(settings.KAURI_PORT, Path(settings.KAURI_VAR_DIR), session, questions, options.rounds)


def wait_until_ready(port: int, *, is_whole: bool = False) -> None:
    """Wait until the web process can serve; with `is_whole`, until it has taken over every change of the texts."""
    newest = 0
    if is_whole:
        from apps.rag.models import IndexChange

        newest = IndexChange.objects.order_by("-seq").values_list("seq", flat=True)[0]
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        time.sleep(0.3)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v1/health/ready")
            answer = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        if answer["status"] == "ok" and answer["checks"]["engine"]["index_revision"] >= newest:
            return
    raise SystemExit("Kauri does not come up")


@contextmanager
def kauri_running(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run `manage.py up` over a folder, and remove all of it after."""
    from kauri.launcher.postgres import EmbeddedPostgres

    argv = [sys.executable, "manage.py", "up", "--no-samples", "--var-dir", str(folder)]
    argv += ["--port", environment["KAURI_PORT"]]
    root = Path(__file__).resolve().parent.parent
    with (folder / "up.log").open("wb") as log:
        up = subprocess.Popen(argv, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until_ready(int(environment["KAURI_PORT"]))
            yield
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(_STOP_S)
            EmbeddedPostgres(folder).remove()


def run_apart(options: argparse.Namespace) -> int:
    """Start everything that is measured, and run this program again beside it."""
    django.setup()
    from django.conf import settings

    from apps.rag.tests.providers import serve
    from kauri.launcher.throwaway import silenced_environment

    dataset = options.dataset or Path(settings.KAURI_DATA_DIR) / "retrieval" / "cgi_congo_2026"
    vectors = Path(settings.KAURI_VAR_DIR) / "eval" / "vectors.sqlite3"
    argv = [sys.executable, __file__, str(dataset.resolve()), "--questions", str(options.questions)]
    argv += ["--rounds", str(options.rounds), "--on-this-folder", str(vectors)]
    with tempfile.TemporaryDirectory(prefix="kauri-first-", ignore_cleanup_errors=True) as folder, serve() as model:
        environment = {
            **silenced_environment(("EMBED", "RERANK", "KAURI_DATA_DIR")),
            "KAURI_VAR_DIR": folder,
            "KAURI_PORT": str(free_port()),
            "LLM_API_KEY": "k",
            "LLM_BASE_URL": model.url,
            "LLM_MODEL": "instant",
        }
        with kauri_running(Path(folder), environment):
            return subprocess.run(argv, env=environment, check=False).returncode


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> int:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description="Time to the first word of an answer, through the whole product")
    parser.add_argument("dataset", nargs="?", type=Path)
    parser.add_argument("--questions", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--on-this-folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.on_this_folder is None:
        return run_apart(options)
    run_here(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
