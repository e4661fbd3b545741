"""Kauri and its peers side by side: the same passages, the same embedder, the same questions, in one run.

    make bench-peers                                    # everything, some half an hour on two cores
    make bench-peers ARGS="--sets piaf --no-scale"      # one set

Every system runs in a process of its own and they take turns: a third of the questions each, three times, so that
what else the machine does meets all of them alike. Ratios are medians over the three rounds. The table goes to standard
output, and with --write into RESULTS.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")

import django
import psutil
from django.conf import settings

HERE = Path(__file__).resolve().parent
SETS = ("cgi_congo_2026", "cgi_congo_2025", "service_public_faq", "cnil_faq", "piaf")
SCALED, N_SCALED = "cgi_congo_2026", 100_000
N_ROUNDS = 3
K = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tables: a system, its analysis, and whether only Kauri's words and 4-grams are asked."""

    label: str
    system: str
    analysis: str
    is_words: bool = False


ROWS = (
    Row("**Kauri**, reranked", "kauri", "kauri"),
    Row("Kauri, words and 4-grams alone", "kauri", "kauri", is_words=True),
    Row("rank-bm25, split on spaces", "rank-bm25", "own"),
    Row("rank-bm25, Kauri's analysis", "rank-bm25", "kauri"),
    Row("bm25s, its tokenizer", "bm25s", "own"),
    Row("bm25s, Kauri's analysis", "bm25s", "kauri"),
    Row("LangChain Ensemble (Chroma + rank-bm25), its tokenizer", "langchain", "own"),
    Row("LangChain Ensemble, Kauri's analysis", "langchain", "kauri"),
    Row("Haystack hybrid in memory, its tokenizer", "haystack", "own"),
    Row("Haystack hybrid, Kauri's analysis", "haystack", "kauri"),
)


@dataclass(slots=True)
class Result:
    """What was measured of one row on one job; `rounds_ms` holds each round's times."""

    row: Row
    build_s: float = 0.0
    update_s: float = 0.0
    memory_mb: float = 0.0
    rounds_ms: list[list[float]] = field(default_factory=list)
    gains: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def times_ms(self) -> list[float]:
        """All times of all rounds."""
        return [each for times in self.rounds_ms for each in times]


class Worker:
    """A system in a process of its own."""

    def __init__(self, row: Row, folder: Path, environment: dict[str, str]) -> None:
        self.name = f"{row.system}, {row.analysis}"
        argv = [sys.executable, str(HERE / "peer_worker.py"), row.system, row.analysis, str(folder)]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, encoding="utf-8", cwd=HERE.parent
        )

    def ask(self, **command: Any) -> Any:
        """Send a command and wait for its answer."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None  # noqa: PT018 - both are pipes, as said above
        stdin.write(json.dumps(command) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def main() -> None:
    """Read the options, run the jobs, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--questions", type=int, default=500, help="questions a set at most")
    parser.add_argument("--no-scale", action="store_true", help=f"leave out {N_SCALED:,} passages")
    parser.add_argument("--budget", type=float, default=25.0, help="seconds a system and round at most")
    parser.add_argument("--systems", nargs="*", default=sorted({row.system for row in ROWS}))
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    options = parser.parse_args()
    django.setup()
    from peer_job import job_make
    from peer_report import report, results_write

    kept, data_dir = settings.KAURI_VAR_DIR / "eval" / "vectors.sqlite3", Path(settings.KAURI_DATA_DIR)
    rows = [row for row in ROWS if row.system in options.systems]
    sections: dict[str, list[tuple[str, int | None]]] = {"sets": [(name, None) for name in options.sets]}
    if not options.no_scale:
        sections["scale"] = [(SCALED, N_SCALED)]
    for section, jobs in sections.items():
        started, measured = time.perf_counter(), {}
        for name, n_passages in jobs:
            job = job_make(name, data_dir, kept, n_passages=n_passages, n_questions=options.questions)
            measured[job.name] = (len(job.passages.ids), run(job, rows, options.budget))
            told = report(measured, command_line(), machine(), time.perf_counter() - started)
            # after every job, so that a run that is cut short has told what it knows
            if options.write:
                results_write(HERE / "RESULTS.md", section, told)
        if measured:
            print(told, flush=True)


def run(job: Any, rows: list[Row], budget_s: float) -> list[Result]:
    """Build every system on a job, let them take turns at its questions, then add single documents."""
    from peer_job import job_write

    from kauri.launcher.throwaway import throwaway_environment

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kauri-peers-")))
        job_write(job, folder)
        environment = stack.enter_context(throwaway_environment(("EMBED", "RERANK", "KAURI_DATA_DIR")))
        environment["KAURI_LOG_LEVEL"] = "ERROR"
        workers: dict[tuple[str, str], Worker] = {}
        results = [Result(row) for row in rows]
        for result in results:
            key = (result.row.system, result.row.analysis)
            if key not in workers:
                workers[key] = Worker(result.row, folder, environment)
                stack.callback(workers[key].close)
                result.build_s = workers[key].ask(do="build")
                say(f"{job.name}: {result.row.label} built in {result.build_s:.1f} s")
        take_turns(job, results, workers, budget_s)
        for result in results:
            if not result.row.is_words:
                worker = workers[result.row.system, result.row.analysis]
                result.memory_mb = worker.ask(do="memory") + (stores_mb() if result.row.system == "kauri" else 0.0)
                result.update_s = median(worker.ask(do="update"))
        return results


def take_turns(job: Any, results: list[Result], workers: dict[tuple[str, str], Worker], budget_s: float) -> None:
    """Ask each system a third of the questions, three times round."""
    for number in range(N_ROUNDS):
        asked = job.questions[number::N_ROUNDS]
        for result in results:
            found = workers[result.row.system, result.row.analysis].ask(
                do="search",
                questions=[each.text for each in asked],
                budget_s=budget_s,
                is_words=result.row.is_words,
            )
            result.rounds_ms.append([elapsed_ms for elapsed_ms, _ in found])
            result.gains += [gains(ids, each.relevant) for (_, ids), each in zip(found, asked, strict=False)]
        say(f"{job.name}: round {number + 1} of {N_ROUNDS}")


def gains(ids: list[str], relevant: frozenset[str]) -> tuple[float, float, float]:
    """Return recall@10, reciprocal rank and nDCG@10."""
    from apps.rag.evaluation.metrics import ndcg_at, recall_at, reciprocal_rank

    return recall_at(ids, relevant, K), reciprocal_rank(ids, relevant, K), ndcg_at(ids, relevant, K)


def stores_mb() -> float:
    """Return the memory of the stores that this process started for Kauri; shared pages are counted once."""
    names = ("postgres", "valkey-server")
    own = [each for each in psutil.Process().children(recursive=True) if each.name().startswith(names)]
    return sum(each.memory_full_info().pss for each in own) / 1e6


def machine() -> str:
    """Describe the machine as far as it matters here."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")),
        platform.processor(),
    )
    memory_gb = psutil.virtual_memory().total / 2**30
    return f"{cpu}, {os.cpu_count()} shared cores, {memory_gb:.0f} GiB, Python {platform.python_version()}"


def command_line() -> str:
    """Return the command as it was given, and the day."""
    return f"`python benchmarks/peers.py {' '.join(sys.argv[1:])}`, {date.today().isoformat()}"  # noqa: DTZ011 - the day here


def say(text: str) -> None:
    """Tell on the error stream how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.is_file() else []


if __name__ == "__main__":
    main()
