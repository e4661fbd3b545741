"""How long Engine.search takes over what is indexed: p50 and p95, stage by stage.

    .venv/bin/python benchmarks/retrieval.py [--questions N] [--embedder none|builtin]

It imports no documents: run `manage.py kb_import` first. The target is below 30 ms p95 on two cores without a model.
Questions come from KAURI_DATA_DIR (default ../shared/data); each is asked once, so that no cache of ours helps.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")

import django
from django.conf import settings

TARGET_P95_MS = 30.0


def questions_read(limit: int) -> list[str]:
    """Return the development questions and load questions, shuffled the same way every time."""
    data_dir = Path(settings.KAURI_DATA_DIR)
    files = (data_dir / "questions" / "ohada_dev.jsonl", data_dir / "queries" / "load_questions_fr.jsonl")
    texts = [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    random.Random(1).shuffle(texts)
    return texts[:limit]


async def measure(questions: list[str], embedder: str | None) -> None:
    """Ask each question once, one after the other, and print the percentiles."""
    from apps.rag.build import build_engine
    from apps.rag.evaluation.metrics import percentile
    from apps.rag.stores.postgres import namespaces_indexed
    from apps.rag.types import Question, Scope
    from kauri.lib import clock
    from kauri.lib.db import run_db

    engine = build_engine(embedder=embedder)
    await engine.warm()
    scope = Scope(await run_db(namespaces_indexed), (), clock.today())
    for text in questions[:20]:  # connections, plans and the model
        await engine.search(Question(text, scope))
    totals: list[float] = []
    stages: dict[str, list[float]] = {}
    for text in questions[20:]:
        started = time.perf_counter()
        result = await engine.search(Question(text, scope))
        totals.append((time.perf_counter() - started) * 1e3)
        for stage, elapsed_ms in result.timings_ms:
            stages.setdefault(stage, []).append(elapsed_ms)
    await engine.close()
    print(f"{len(totals)} questions, revision {engine.revision}, namespaces {', '.join(scope.namespaces)}")
    for stage, times in {**stages, "search": totals}.items():
        print(f"{stage:12} p50 {percentile(times, 0.5):7.1f} ms   p95 {percentile(times, 0.95):7.1f} ms")
    p95 = percentile(totals, 0.95)
    print(f"target below {TARGET_P95_MS:.0f} ms p95: {'met' if p95 < TARGET_P95_MS else 'missed'}")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=520)
    parser.add_argument("--embedder", choices=("none", "builtin"), default=None)
    options = parser.parse_args()
    django.setup()
    asyncio.run(measure(questions_read(options.questions), options.embedder))


if __name__ == "__main__":
    main()
