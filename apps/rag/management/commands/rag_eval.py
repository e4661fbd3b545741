"""manage.py rag_eval: how well the engine finds, and how well it knows what it cannot answer."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from apps.rag.build import build_engine
from apps.rag.evaluation.loading import corpus_load, corpus_unload
from apps.rag.evaluation.metrics import percentile
from apps.rag.evaluation.run import Judged, judge, measures
from apps.rag.evaluation.sets import Topic, corpus_namespace, set_topics, topics_read
from apps.rag.stores.postgres import namespaces_indexed
from kauri.lib import clock

_CORPORA = ("ohada_actes", "chart", "cgi_congo_2025", "cgi_congo_2026")
_OHADA = ("ohada_actes", "chart")


class Command(BaseCommand):
    """Evaluate."""

    help = "Measure retrieval and refusal on the questions under KAURI_DATA_DIR (default ../shared/data)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--load", action="store_true", help="index the evaluation corpora first, in namespaces of their own"
        )
        parser.add_argument("--unload", action="store_true", help="remove the evaluation corpora and stop")
        parser.add_argument(
            "--indexed", action="store_true", help="search what is indexed instead of the loaded corpora"
        )
        parser.add_argument(
            "--set", action="append", default=[], dest="sets", help="also the questions of this retrieval set"
        )
        parser.add_argument("--limit", type=int, default=500, help="questions a set at most")
        parser.add_argument("--misses", action="store_true", help="list what was not found first, or wrongly refused")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, load: bool, unload: bool, **options: Any) -> None:
        """Load or unload as asked, then evaluate and print."""
        data_dir = Path(settings.KAURI_DATA_DIR)
        if unload:
            self.stdout.write(f"{sum(corpus_unload(corpus) for corpus in _CORPORA)} entries removed")
            return
        if not (data_dir / "questions" / "ohada_dev.jsonl").exists():
            raise CommandError(f"{data_dir} holds no questions. Point KAURI_DATA_DIR at the evaluation data.")
        for corpus in dict.fromkeys((*_CORPORA, *options["sets"])) if load else ():
            self.stdout.write(f"{corpus}: {corpus_load(data_dir, corpus)} entries")
        groups = _groups(data_dir, options["sets"], options["limit"])
        indexed = namespaces_indexed() if options["indexed"] else ()
        judged = asyncio.run(_judge(groups, indexed))
        if options["as_json"]:
            rows = {kind: asdict(measures(found)) for kind, found in _by_kind(judged).items()}
            self.stdout.write(json.dumps(rows, indent=2))
            return
        console = Console(file=cast("IO[str]", self.stdout))
        console.print(_table(judged))
        if options["misses"]:
            _show_misses(console, judged)


def _groups(data_dir: Path, sets: Sequence[str], limit: int) -> dict[str, list[Topic]]:
    groups: dict[str, list[Topic]] = {}
    for topic in topics_read(data_dir):
        groups.setdefault("ohada" if topic.corpus in _OHADA else topic.corpus, []).append(topic)
    for name in sets:
        groups.setdefault("ohada" if name in _OHADA else name, []).extend(set_topics(data_dir, name, limit))
    return groups


async def _judge(groups: dict[str, list[Topic]], indexed: tuple[str, ...]) -> list[Judged]:
    engine = build_engine()
    await engine.warm()
    judged: list[Judged] = []
    for group, topics in groups.items():
        own = tuple(map(corpus_namespace, _OHADA if group == "ohada" else (group,)))
        judged += await judge(engine, topics, indexed if indexed and group == "ohada" else own, clock.today())
    await engine.close()
    return judged


def _by_kind(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    kinds: dict[str, list[Judged]] = {}
    for each in judged:
        kinds.setdefault(each.topic.corpus if each.topic.kind == "set" else each.topic.kind, []).append(each)
    return {**dict(sorted(kinds.items())), "all": list(judged)}


def _table(judged: Sequence[Judged]) -> Table:
    table = Table("questions", "n", "R@10", "MRR@10", "nDCG@10", "refusal P", "refusal R", "p50 ms", "p95 ms")
    for kind, found in _by_kind(judged).items():
        result = measures(found)
        times = [each.elapsed_ms for each in found]
        figures = (result.recall, result.mrr, result.ndcg, result.refusal_precision, result.refusal_recall)
        waits = (percentile(times, 0.5), percentile(times, 0.95))
        table.add_row(kind, str(result.n_topics), *(f"{x:.3f}" for x in figures), *(f"{x:.0f}" for x in waits))
    return table


def _show_misses(console: Console, judged: Sequence[Judged]) -> None:
    for each in judged:
        wrongly_judged = each.topic.must_refuse == each.result.is_answerable
        if wrongly_judged or (each.reciprocal_rank is not None and each.reciprocal_rank < 1):
            found = ", ".join(ranked.passage.locator for ranked in each.result.passages[:4])
            reason = each.result.refusal_reason or "answered"
            console.print(
                f"{each.topic.topic_id} {each.topic.text[:80]} | {reason} {each.result.evidence:.2f} | {found}"
            )
