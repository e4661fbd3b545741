"""Whether a reference finds its passage first: every article and account of the public texts, in five phrasings each.

    .venv/bin/python benchmarks/references.py [--share 0.1] [--misses 20]

Asked to the whole engine without a model (EMBEDDER=none), on stores of its own that leave nothing behind: the articles
of the AUSCGIE (those too that stand inside the passage before them) and of the AUA, each among all passages of the
OHADA acts and the charts; the articles of both Congo tax codes, each on a day of its year; the accounts of the revised
chart. Beside them the cases written by hand whose passages are there. The texts come from KAURI_DATA_DIR.

The tax codes number the articles of several books, decrees and conventions alike, and keep stale duplicates: a question
that names a number and the code alone means any of them, so any passage of the code with that number counts, and each
number is asked once. A question is right when the first passage is one of those. The target is 99 %.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import django

if TYPE_CHECKING:
    from apps.rag.engine import Engine
    from apps.rag.evaluation.corpus import Corpus

ROOT = Path(__file__).resolve().parent.parent
TARGET = 0.99
_ON_THESE_STORES = "--on-these-stores"
_TODAY = date(2026, 11, 22)
# Articles that the corpus keeps inside the passage before them.
_INSIDE = {
    "269-2-1": "269-2", "626-1-1": "626-1", "626-1-2": "626-1", "626-1-3": "626-1", "771-1-1": "771-1",
    "822-10-1": "822-10", "822-10-2": "822-10", "822-10-3": "822-10", "822-10-4": "822-10", "822-10-5": "822-10",
    "822-10-6": "822-10", "853-19-1": "853-19",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the keys of which the first passage must carry one, and where it is asked."""

    group: str
    phrasing: str
    text: str
    keys: tuple[str, ...]
    namespaces: tuple[str, ...]
    as_of: date
    history: tuple[str, ...] = ()


def corpora_read(data_dir: Path) -> dict[str, Corpus]:
    """Return the corpora by name."""
    from apps.rag.evaluation.chart import CHART_FILE, chart_read
    from apps.rag.evaluation.corpus import corpus_read

    names = ("ohada_actes", "cgi_congo_2025", "cgi_congo_2026")
    return {name: corpus_read(data_dir / "retrieval" / name) for name in names} | {
        "chart": chart_read(data_dir / CHART_FILE)
    }


def questions(corpora: dict[str, Corpus]) -> Iterator[Asked]:
    """Yield every question, group by group."""
    from apps.rag.tests.phrasings import PHRASINGS, account_phrasings, article_phrasings
    from apps.rag.understanding.references import PLAN_REVISED, article_reference

    acts = (corpora["ohada_actes"].namespace, corpora["chart"].namespace)
    for code in ("AUSCGIE", "AUA"):
        numbers = {number: number for number in numbers_of(corpora["ohada_actes"], code)}
        for number, holder in (numbers | (_INSIDE if code == "AUSCGIE" else {})).items():
            keys = (article_reference(code, holder),)
            for phrasing, text in zip(PHRASINGS, article_phrasings(code, number), strict=True):
                yield Asked(code, phrasing, text, keys, acts, _TODAY)
    for name, day in (("cgi_congo_2025", date(2025, 7, 1)), ("cgi_congo_2026", date(2026, 7, 1))):
        for number in numbers_of(corpora[name], "CGI"):
            keys = (article_reference("CGI", number),)
            for phrasing, text in zip(PHRASINGS, article_phrasings("CGI", number), strict=True):
                yield Asked(name, phrasing, text, keys, (corpora[name].namespace,), day)
    for passage in corpora["chart"].passages:
        if passage.entry.plan == PLAN_REVISED:
            for phrasing, text in zip(PHRASINGS, account_phrasings(passage.gold_id), strict=True):
                yield Asked("chart", phrasing, text, passage.entry.references, acts, _TODAY)
    yield from by_hand(corpora, acts)


def numbers_of(corpus: Corpus, code: str) -> list[str]:
    """Return the numbers of a code's articles as printed, each form once."""
    from apps.rag.understanding.references import normalise_article

    printed: dict[str, str] = {}
    for passage in corpus.passages:
        head, found, number = passage.entry.locator.partition(" art. ")
        if found and head == code and passage.entry.references:
            printed.setdefault(normalise_article(number), number)
    return list(printed.values())


def by_hand(corpora: dict[str, Corpus], acts: tuple[str, ...]) -> Iterator[Asked]:
    """Yield the cases written by hand whose first reference the corpora hold."""
    path = ROOT / "apps" / "rag" / "tests" / "reference_cases.jsonl"
    held = {
        name: {key for each in corpus.passages for key in each.entry.references} for name, corpus in corpora.items()
    }
    for case in map(json.loads, path.read_text("utf-8").splitlines()):
        for names, spaces in ((("ohada_actes", "chart"), acts), (("cgi_congo_2026",), None)):
            if any(set(case["expected"]) & held[name] for name in names):
                namespaces = spaces or (corpora[names[0]].namespace,)
                history, keys = tuple(case.get("history", ())), tuple(case["expected"])
                yield Asked("by hand", "by hand", case["text"], keys, namespaces, _TODAY, history)


async def ask(engine: Engine, asked: Sequence[Asked]) -> list[tuple[Asked, bool, float]]:
    """Ask one after the other; return each with whether its first passage is right, and its milliseconds."""
    from apps.rag.models import IndexEntry
    from apps.rag.types import Question, Scope
    from kauri.lib.db import run_db

    carried = dict(await run_db(lambda: list(IndexEntry.objects.values_list("pk", "references"))))
    judged: list[tuple[Asked, bool, float]] = []
    for each in asked:
        started = time.perf_counter()
        result = await engine.search(Question(each.text, Scope(each.namespaces, (), each.as_of), each.history))
        elapsed_ms = (time.perf_counter() - started) * 1e3
        first = carried[result.passages[0].passage.entry_id] if result.passages else []
        judged.append((each, bool(set(first) & set(each.keys)), elapsed_ms))
    return judged


async def run(share: float, n_misses: int) -> bool:
    """Load, ask, print; tell whether every group reaches the target."""
    from django.conf import settings

    from apps.rag.build import build_engine
    from apps.rag.evaluation.index import corpora_index
    from kauri.lib.db import run_db

    corpora = corpora_read(Path(settings.KAURI_DATA_DIR))
    await run_db(corpora_index, list(corpora.values()), has_vectors=False)
    engine = build_engine(embedder="none")
    await engine.warm()
    asked = list(questions(corpora))
    kept = asked if share >= 1 else random.Random(1).sample(asked, round(share * len(asked)))
    judged = await ask(engine, kept)
    await engine.close()
    return report(judged, n_misses)


def report(judged: Sequence[tuple[Asked, bool, float]], n_misses: int) -> bool:
    """Print the share right at rank 1 by group and phrasing."""
    rows: dict[tuple[str, str], list[bool]] = {}
    for each, is_right, _ in judged:
        rows.setdefault((each.group, each.phrasing), []).append(is_right)
        rows.setdefault((each.group, "all"), []).append(is_right)
        rows.setdefault(("all", "all"), []).append(is_right)
    for (group, phrasing), found in sorted(rows.items(), key=lambda row: (row[0][0] == "all", row[0][0])):
        print(f"{group:16s} {phrasing:10s} n={len(found):6d}  right at rank 1: {sum(found) / len(found):.4f}")
    times = sorted(elapsed_ms for *_, elapsed_ms in judged)
    print(f"p50 {times[len(times) // 2]:.1f} ms, p95 {times[len(times) * 95 // 100]:.1f} ms a question")
    for each in [each for each, is_right, _ in judged if not is_right][:n_misses]:
        print(f"  missed: {each.group} | {each.text} | {', '.join(each.keys)}")
    return all(sum(found) / len(found) >= TARGET for (_, phrasing), found in rows.items() if phrasing == "all")


def main() -> None:
    """Run apart, on stores of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="ask this share of the questions, drawn at random")
    parser.add_argument("--misses", type=int, default=20, help="show this many of those that failed")
    parser.add_argument(_ON_THESE_STORES, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    django.setup()
    if options.on_these_stores:
        from django.core.management import call_command

        call_command("migrate", "rag", verbosity=0)
        raise SystemExit(0 if asyncio.run(run(options.share, options.misses)) else 1)
    from kauri.launcher.throwaway import throwaway_environment

    with throwaway_environment(("KAURI_DATA_DIR",)) as environment:
        argv = [sys.executable, __file__, *sys.argv[1:], _ON_THESE_STORES]
        raise SystemExit(subprocess.run(argv, env={**environment, "EMBEDDER": "none"}, check=False).returncode)


if __name__ == "__main__":
    main()
