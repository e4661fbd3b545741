"""Whether Kauri meets what is expected of the 40 questions that its predecessor was asked, without any model.

    .venv/bin/python benchmarks/earlier_questions.py [--answers] [--embedder none|builtin]

It imports no documents: run `manage.py kb_import` with the manifest of KAURI_DATA_DIR/ohada_texts first. Questions
come from KAURI_DATA_DIR (default ../shared/data), what is expected from apps/rag/tests/earlier_questions.jsonl:
the passages of which one must be cited, or "refuse". Exit code 1 if any is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")

import django
from django.conf import settings


async def ask(*, shows_answers: bool, embedder: str | None) -> int:
    """Ask every question, print what was met and missed, and return how many were missed."""
    from apps.rag.build import build_engine
    from apps.rag.config import RagConfig
    from apps.rag.generation.answer import generate
    from apps.rag.stores.postgres import namespaces_indexed
    from apps.rag.tests.earlier import expectations, verdict
    from apps.rag.types import Question, Scope
    from kauri.lib import clock
    from kauri.lib.db import run_db

    asked = Path(settings.KAURI_DATA_DIR) / "queries" / "kauri_2025_questions_with_old_answers.jsonl"
    texts = {row["id"]: row["text"] for row in map(json.loads, asked.read_text("utf-8").splitlines())}
    engine = build_engine(embedder=embedder)
    await engine.warm()
    scope = Scope(await run_db(namespaces_indexed), (), clock.today())
    n_missed = 0
    for each in expectations():
        question = Question(texts[each.question_id], scope)
        result = await engine.search(question)
        events = [event async for event in generate(question, result, providers=(), config=RagConfig())]
        told = verdict(each, events)
        n_missed += not told.is_met
        print(f"{'met   ' if told.is_met else 'MISSED'} {each.question_id} {question.text} -> {told.got}")
        if shows_answers or not told.is_met:
            print(f"       expected {each.expected}: {each.because}\n{told.text}\n")
    await engine.close()
    print(f"{len(texts) - n_missed} of {len(texts)} met")
    return n_missed


def main() -> None:
    """Read the options and ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", action="store_true", help="print every answer")
    parser.add_argument("--embedder")
    options = parser.parse_args()
    django.setup()
    sys.exit(1 if asyncio.run(ask(shows_answers=options.answers, embedder=options.embedder)) else 0)


if __name__ == "__main__":
    main()
