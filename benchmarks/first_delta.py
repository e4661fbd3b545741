"""How long a reader waits for the first word: everything of Kauri, with a generator that answers at once.

    .venv/bin/python benchmarks/first_delta.py [DATASET] [--questions N]

DATASET is a folder as `manage.py rag_eval` takes it (default: retrieval/cgi_congo_2026 in KAURI_DATA_DIR), indexed on
stores of this run's own, and asked for one question after the other. Measured from Engine.answer to the first
TextDelta, embedder and rerank included: with a model in this process that answers at once, with one behind a real HTTP
server on loopback (in this process too), with none (extracts), and for an answer that is given again from the cache.
Targets: p95 below 60 ms, from the cache below 10 ms. On a machine with other work, "computing" (all threads of this
process, without PostgreSQL) is the figure to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")

import django

if TYPE_CHECKING:
    from apps.rag.engine import Engine
    from apps.rag.evaluation.dataset import Dataset
    from apps.rag.ports import ChatDelta, ChatModel, ChatTurn, RagEngine
    from apps.rag.types import Question

TARGET_MS = {"instant": 60.0, "http": 60.0, "cached": 10.0}
N_WARMING = 15


@dataclass(frozen=True, slots=True)
class Instant:
    """A model in this process that quotes the first passage at once."""

    provider: str = "instant"
    model: str = "instant"

    async def stream(self, messages: Sequence[ChatTurn]) -> AsyncIterator[ChatDelta]:
        """Yield what the loopback server would."""
        from apps.rag.ports import ChatDelta
        from apps.rag.tests.providers import answer_for

        prompt = [{"role": turn.role, "content": turn.content} for turn in messages]
        yield ChatDelta(answer_for("good", prompt))


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer: ms to the first word of it, of which this process computed `cpu_ms`, and how it was made."""

    first_ms: float
    cpu_ms: float
    mode: str


async def timed(engine: RagEngine, question: Question) -> Timed | None:
    """Ask once; None where the answer is a refusal, which has no first word."""
    from apps.rag.types import Finished, TextDelta

    started, computed = time.perf_counter(), time.process_time()
    first = cpu = 0.0
    mode = ""
    async for event in engine.answer(question):
        if isinstance(event, TextDelta) and not first:
            first, cpu = (time.perf_counter() - started) * 1e3, (time.process_time() - computed) * 1e3
        if isinstance(event, Finished):
            mode = event.mode
    return Timed(first, cpu, mode) if first else None


async def measure(name: str, engine: RagEngine, questions: Sequence[Question]) -> None:
    """Ask each question once, one after the other, and print the percentiles."""
    from apps.rag.evaluation.metrics import percentile

    for question in questions[:N_WARMING]:
        await timed(engine, question)
    answers = [await timed(engine, question) for question in questions[N_WARMING:]]
    times = [answer.first_ms for answer in answers if answer]
    modes = {answer.mode for answer in answers if answer}
    p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
    target = TARGET_MS.get(name)
    verdict = "" if target is None else f"  target p95 < {target:.0f} ms: {'met' if p95 < target else 'MISSED'}"
    cpu = percentile([answer.cpu_ms for answer in answers if answer], 0.95)
    made = ", ".join(sorted(modes))
    print(
        f"{name:<8} n={len(times):<4} p50 {p50:6.1f}  p95 {p95:6.1f}  of it computing {cpu:6.1f} ms ({made}){verdict}"
    )


async def warmed(engine: RagEngine) -> None:
    """Warm an engine and wait until no question waits for a model."""
    await engine.warm()
    while not engine.is_warm:
        await asyncio.sleep(0.05)


async def measure_all(dataset: Dataset, index_dir: Path, limit: int) -> None:
    """Measure each way of answering over one dataset that is already indexed."""
    from apps.rag.build import with_cache
    from apps.rag.generation.llm import OpenAIChatModel
    from apps.rag.tests.providers import serve
    from apps.rag.types import Question, Scope
    from kauri.lib import clock

    scope = Scope(tuple(corpus.namespace for corpus in dataset.corpora), (), clock.today())
    questions = [Question(query.text, scope) for query in dataset.queries][: limit + N_WARMING]
    with serve("good") as server:
        http = OpenAIChatModel(provider=f"http {server.run}", model="m", base_url=server.url, api_key="k")
        ways: tuple[tuple[str, tuple[ChatModel, ...]], ...] = (
            ("instant", (Instant(),)),
            ("http", (http,)),
            ("none", ()),
        )
        for name, models in ways:
            engine = _engine(index_dir, models)
            await warmed(engine)
            await measure(name, engine, questions)
            await engine.close()
    kept = with_cache(_engine(index_dir, (Instant(),)))
    await warmed(kept)
    for question in questions:
        await timed(kept, question)
    await measure("cached", kept, questions)
    await kept.close()


def _engine(index_dir: Path, models: tuple[ChatModel, ...]) -> Engine:
    """Return the engine that the settings describe, with these models for its answers."""
    from django.conf import settings

    from apps.rag.config import calibrated, configured
    from apps.rag.embedders import embedder_named
    from apps.rag.engine import Engine
    from apps.rag.rerankers import reranker_named
    from apps.rag.retrieval.folder import LexicalFolder

    embedder = embedder_named(settings.KAURI_EMBEDDER)
    return Engine(
        folder=LexicalFolder(index_dir),
        embedder=embedder,
        reranker=reranker_named(settings.KAURI_RERANKER),
        providers=models,
        config=calibrated(configured(), embedder.name),
    )


def run_here(dataset_path: Path, vectors: Path, limit: int) -> None:
    """Index the dataset on this process's stores, and measure."""
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from apps.rag.evaluation.dataset import dataset_read
    from apps.rag.evaluation.index import corpora_index
    from apps.rag.evaluation.kept import vectors_keep, vectors_restore

    call_command("migrate", verbosity=0)
    vectors_restore(vectors)
    dataset = dataset_read(dataset_path, library=Path(settings.KAURI_DATA_DIR))
    shelved = corpora_index(dataset.corpora, has_vectors=True)
    vectors_keep(vectors)
    print(f"{dataset.name}: {len(shelved)} passages, one question after the other")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure_all(dataset, Path(folder), limit))


def run_apart(options: argparse.Namespace) -> int:
    """Run this program again on stores that are its own and go with it."""
    django.setup()
    from django.conf import settings

    from kauri.launcher.throwaway import throwaway_environment

    dataset = options.dataset or Path(settings.KAURI_DATA_DIR) / "retrieval" / "cgi_congo_2026"
    vectors = Path(settings.KAURI_VAR_DIR) / "eval" / "vectors.sqlite3"
    argv = [sys.executable, __file__, str(dataset.resolve()), "--questions", str(options.questions)]
    with throwaway_environment(("EMBED", "RERANK", "KAURI_DATA_DIR")) as environment:
        return subprocess.run([*argv, "--on-these-stores", str(vectors)], env=environment, check=False).returncode


def main() -> int:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description="Time to the first word of an answer")
    parser.add_argument("dataset", nargs="?", type=Path)
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--on-these-stores", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.on_these_stores is None:
        return run_apart(options)
    run_here(options.dataset, options.on_these_stores, options.questions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
