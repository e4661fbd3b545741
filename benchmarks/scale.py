"""How retrieval grows: its time, its recall and its memory over 10,000 and 100,000 passages and four widths of scope.

    KAURI_VAR_DIR=/a/folder/of/its/own .venv/bin/python benchmarks/scale.py [--passages N ...] [--questions N]

It starts stores of its own in KAURI_VAR_DIR, empties them and loads a made corpus (corpus.py), so the folder must not
be one that holds anything. Retrieval is understanding, the lexical and dense legs, fusion and hydration; reranking
stands beside it as `sentences` (fetching their vectors) and `rank`, and embedding is left out: the engine remembers
the questions' vectors before it is timed. Each question is asked once a scope, after as many others have warmed what a
running server has warm: connections, plans, and the pages that PostgreSQL read last."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")
os.environ.setdefault("OMP_NUM_THREADS", "1")

TARGETS_MS = {1.0: 20.0, 0.10: 20.0, 0.01: 40.0, 0.001: 40.0}
TARGET_GROWTH, TARGET_RECALL, TARGET_FRESH_S, TARGET_MEMORY_MB = 2.0, 0.95, 2.0, 1_000.0
K = 100
Times = dict[str, list[float]]  # milliseconds by stage, a question each


@dataclass(frozen=True, slots=True)
class Row:
    """One width of scope: milliseconds of retrieval and of its stages, and the dense leg's recall at 10 and 100."""

    n_passages: int
    share: float
    kind: str
    n_in_scope: int
    p50_ms: float
    p95_ms: float
    stages_ms: dict[str, tuple[float, float]]
    recall_10: float
    recall_100: float


def scopes() -> list[tuple[float, str, Any]]:
    """Return (share, kind, scope): everything, and each share by namespace, by organisation and by date."""
    from scale_corpus import NAMESPACES, ORGANISATIONS, PERIODS, PRIVATE, REST, SHARES, TODAY

    from apps.rag.types import Scope

    spaces, organisations = (REST, PRIVATE, *NAMESPACES.values()), tuple(ORGANISATIONS.values())
    found: list[tuple[float, str, Any]] = [(1.0, "everything", Scope(spaces, organisations, TODAY))]
    for share in SHARES:
        found.append((share, "namespace", Scope((NAMESPACES[share],), (), TODAY)))
        found.append((share, "organisation", Scope((PRIVATE,), (ORGANISATIONS[share],), TODAY)))
        found.append((share, "date", Scope(spaces, organisations, PERIODS[share][0])))
    return found


async def measure(
    n_passages: int, questions: Sequence[str], others: Sequence[str], folder: Path
) -> tuple[list[Row], float]:
    """Ask every question within every scope, one after the other, and before it the others, untimed.

    Return a row a scope, and the MB that the process held before it read all vectors for the recall.
    """
    from apps.rag.build import build_engine
    from apps.rag.types import Overrides, Question, Scope

    engine = build_engine(index_dir=folder)
    await engine.warm()
    vectors = [_turned(vector) for vector in (await engine.embed([_standalone(text) for text in questions])).vectors]
    nowhere = Scope(("nowhere",), (), scopes()[0][2].as_of)
    for text in questions:
        await engine.search(Question(text, nowhere, overrides=Overrides(legs=("dense",))))
    timed: list[tuple[Times, list[tuple[int, ...]]]] = []
    for _share, _kind, scope in scopes():
        for text in others:
            await engine.search(Question(text, scope))
        timed.append(await _timed(engine, questions, scope))
    memory_mb = _memory_mb()
    await engine.close()
    rows: list[Row] = []
    for (share, kind, scope), (times, dense) in zip(scopes(), timed, strict=True):
        n_in_scope, recall_10, recall_100 = await recall(scope, vectors, dense)
        shown = {stage: _percentiles(each) for stage, each in times.items()}
        ranking = zip(times["total"], times["rank"], times["sentences"], strict=True)
        retrieval = _percentiles([total - rank - sentences for total, rank, sentences in ranking])
        rows.append(Row(n_passages, share, kind, n_in_scope, *retrieval, shown, recall_10, recall_100))
        _show(rows[-1])
    return rows, memory_mb


async def _timed(engine: Any, questions: Sequence[str], scope: Any) -> tuple[Times, list[tuple[int, ...]]]:
    from apps.rag.types import Question

    times: Times = {}
    dense: list[tuple[int, ...]] = []
    for text in questions:
        result = await engine.search(Question(text, scope))
        for stage, elapsed_ms in result.timings_ms:
            times.setdefault(stage, []).append(elapsed_ms)
        dense += [tuple(h.entry_id for h in r.hits) for r in result.rankings if r.leg == "dense"]
    return times, dense


async def recall(scope: Any, vectors: Any, dense: Sequence[Sequence[int]]) -> tuple[int, float, float]:
    """Return how many passages a scope holds, and the share of the 10 and 100 nearest that the dense leg brought."""
    import numpy as np

    from kauri.lib.db import run_db

    ids, matrix = await run_db(_vectors_in, scope)
    at_10: list[float] = []
    at_100: list[float] = []
    for vector, brought in zip(vectors, dense, strict=True):
        nearest = ids[np.argsort(-(matrix @ vector.astype(np.float16).astype(np.float32)), kind="stable")]
        at_10.append(len(set(nearest[:10]) & set(brought[:10])) / min(10, len(ids)))
        at_100.append(len(set(nearest[:K]) & set(brought)) / min(K, len(ids)))
    return len(ids), float(np.mean(at_10)), float(np.mean(at_100))


def _vectors_in(scope: Any) -> tuple[Any, Any]:
    import numpy as np

    from apps.rag.stores.connection import raw_connection, raw_cursor, scope_values
    from apps.rag.stores.postgres import _ADMITTED

    with raw_cursor(raw_connection()) as cursor:
        cursor.execute(
            "SELECT e.id, v.vector::float4[] FROM rag_embedding v JOIN rag_indexentry e ON e.id = v.entry_id"
            f" WHERE {_ADMITTED} ORDER BY e.id",
            scope_values(scope),
            binary=True,
        )
        ids, rows = [], []
        for entry_id, vector in cursor:
            ids.append(entry_id)
            rows.append(np.asarray(vector, dtype=np.float32))
    return np.array(ids), np.stack(rows)


def _turned(vector: Any) -> Any:
    """Return a question's vector as the dense leg asks for it."""
    from apps.rag.calibration import turn_of, turned

    turn = turn_of("use-multilingual-3", len(vector))
    return vector if turn is None else turned(vector, turn)


def _standalone(text: str) -> str:
    from apps.rag.types import Question
    from apps.rag.understanding.understand import understand

    _share, _kind, scope = scopes()[0]
    return understand(Question(text, scope)).understanding.standalone


async def fresh_s(folder: Path) -> float:
    """Publish one document while an engine follows, and return the seconds until its words and vector find it."""
    from scale_corpus import REST, TODAY

    from apps.rag import indexer
    from apps.rag.build import build_engine
    from apps.rag.tests.entries import entry
    from apps.rag.types import Question, Scope
    from kauri.lib.db import run_db

    engine = build_engine(index_dir=folder)
    await engine.warm()
    engine.start()
    made = entry("neuf", "La zébrelle comptable se rapproche chaque trimestre du grand livre.", namespace=REST)
    await run_db(indexer.entries_stage, (made,))
    await run_db(indexer.entries_embed, made.version_id)
    started = time.perf_counter()
    await run_db(indexer.version_publish, made.version_id)
    question = Question("rapprochement de la zébrelle comptable", Scope((REST,), (), TODAY))
    legs: set[str] = set()
    while not {"bm25", "dense"} <= legs and time.perf_counter() - started < 30:
        result = await engine.search(question)
        legs = {r.leg for r in result.rankings if r.hits and _locator(result, r.hits[0].entry_id) == "neuf"}
        await asyncio.sleep(0.02)
    elapsed_s = time.perf_counter() - started
    await engine.close()
    await run_db(indexer.version_remove, made.version_id)
    return elapsed_s


def _locator(result: Any, entry_id: int) -> str:
    return next((each.passage.locator for each in result.passages if each.passage.entry_id == entry_id), "")


def _percentiles(times: Sequence[float]) -> tuple[float, float]:
    from apps.rag.evaluation.metrics import percentile

    return round(percentile(times, 0.5), 2), round(percentile(times, 0.95), 2)


def _memory_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _show(row: Row) -> None:
    stages = "  ".join(f"{name} {p50:.1f}/{p95:.1f}" for name, (p50, p95) in row.stages_ms.items())
    is_met = row.p95_ms <= TARGETS_MS[row.share] and row.recall_100 >= TARGET_RECALL
    print(
        f"{row.n_passages:7} {row.share * 100:6.1f} % {row.kind:12} {row.n_in_scope:6}"
        f"  p50 {row.p50_ms:6.1f}  p95 {row.p95_ms:6.1f} ms  recall@10 {row.recall_10:.3f}"
        f"  recall@100 {row.recall_100:.3f}  {'met' if is_met else 'MISSED'}   {stages}",
        flush=True,
    )


def loaded(n_passages: int) -> dict[str, float]:
    """Load one size in this process, and return the seconds it took."""
    import django

    django.setup()
    from django.conf import settings
    from scale_corpus import corpus_load

    load_s = corpus_load(Path(settings.KAURI_DATA_DIR), n_passages)
    print(f"{n_passages} passages loaded in {load_s['rows']:.0f} s, HNSW built in {load_s['hnsw']:.0f} s", flush=True)
    return load_s


def measured(n_passages: int, n_questions: int) -> dict[str, Any]:
    """Measure one size in this process, and return what was found."""
    import django

    django.setup()
    from corpus import questions_read
    from django.conf import settings

    texts = questions_read(Path(settings.KAURI_DATA_DIR), 2 * n_questions)
    with tempfile.TemporaryDirectory() as folder:
        rows, memory_mb = asyncio.run(measure(n_passages, texts[::2], texts[1::2], Path(folder)))
        elapsed_s = asyncio.run(fresh_s(Path(folder)))
    print(f"{n_passages} passages: a new document found after {elapsed_s:.2f} s; memory {memory_mb:.0f} MB", flush=True)
    return {"rows": [asdict(row) for row in rows], "fresh_s": elapsed_s, "memory_mb": memory_mb}


def compare(found: Sequence[dict[str, Any]]) -> bool:
    """Print what ten times the passages cost, and return whether every target was met."""
    is_met = True
    for result in found:
        is_met &= result["fresh_s"] <= TARGET_FRESH_S and result["memory_mb"] < TARGET_MEMORY_MB
        for row in result["rows"]:
            is_met &= row["p95_ms"] <= TARGETS_MS[row["share"]] and row["recall_100"] >= TARGET_RECALL
    if len(found) > 1:
        for small, large in zip(found[0]["rows"], found[-1]["rows"], strict=True):
            growth = large["p50_ms"] / small["p50_ms"]
            is_met &= growth <= TARGET_GROWTH
            print(f"{small['share'] * 100:6.1f} % {small['kind']:12} {growth:.2f} times the p50 of the smaller")
    print("every target met" if is_met else "some targets missed")
    return is_met


def main() -> None:
    """Load and measure each size in processes of their own, so that one's memory is not counted with another's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--step", choices=("load", "measure"), help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "load":
        loaded(options.passages[0])
        return
    if options.step == "measure":
        result = measured(options.passages[0], options.questions)
        options.to.write_text(json.dumps(result), encoding="utf-8")
        return
    if "KAURI_VAR_DIR" not in os.environ:
        parser.error("KAURI_VAR_DIR must name a folder of its own: what it holds is emptied.")
    from scale_corpus import stores_running

    found: list[dict[str, Any]] = []
    with stores_running(Path(os.environ["KAURI_VAR_DIR"]).resolve()), tempfile.TemporaryDirectory() as folder:
        for n_passages in options.passages:
            path = Path(folder) / f"{n_passages}.json"
            arguments = ["--to", str(path), "--passages", str(n_passages), "--questions", str(options.questions)]
            for step in ("load", "measure"):
                subprocess.run([sys.executable, __file__, "--step", step, *arguments], check=True)
            found.append(json.loads(path.read_text(encoding="utf-8")))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    sys.exit(0 if compare(found) else 1)


if __name__ == "__main__":
    main()
