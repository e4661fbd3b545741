"""manage.py rag_search "question": what each leg found, what became of it, and how long it took."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from apps.rag.build import build_engine
from apps.rag.limits import question_check
from apps.rag.models import IndexEntry
from apps.rag.stores.postgres import namespaces_indexed
from apps.rag.types import Question, Scope, SearchResult, display_locator
from kauri.lib import clock
from kauri.lib.countries import COUNTRIES
from kauri.lib.days import day_read
from kauri.lib.errors import KauriError

_LEG_ROWS = 10
_FILE_WIDTH = 180
# The columns that a passage's name and score take, those of each leg's score, and those of its words.
_NAME_WIDTH, _SCORE_WIDTH, _TEXT_WIDTH = 50, 10, 30
_LEG_WIDTH = 26


class Command(BaseCommand):
    """Search as the engine does, and show its work."""

    help = "Search the shared base and show every leg's ranking, the fused one, scores and stage times."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("question")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
        parser.add_argument("--as-of", type=day_read, default=None, metavar="YYYY-MM-DD")
        parser.add_argument("--namespace", action="append", default=[], help="only this one; may be repeated")
        parser.add_argument("--country", type=str.upper, choices=list(COUNTRIES), help="leaves out other states' texts")
        parser.add_argument("--after", action="append", default=[], metavar="QUESTION", help="an earlier question")

    def handle(self, *_args: Any, question: str, as_json: bool, namespace: list[str], **options: Any) -> None:
        """Search and print."""
        indexed = namespaces_indexed()
        if unknown := sorted(set(namespace) - set(indexed)):
            raise CommandError(
                f"Nothing is indexed under {', '.join(unknown)}; there is {', '.join(indexed) or 'nothing yet'}."
            )
        scope = Scope(
            namespaces=tuple(namespace) or indexed,
            organisation_ids=(),
            as_of=options["as_of"] or clock.today(),
            country=options["country"],
        )
        asked = Question(question, scope, tuple(options["after"]))
        try:
            question_check(asked)
            result = asyncio.run(searched(asked))
        except KauriError as error:
            raise CommandError(str(error)) from error
        if as_json:
            self.stdout.write(json.dumps(asdict(result), ensure_ascii=False, indent=2, default=str))
            return
        is_terminal = self.stdout.isatty()
        show(Console(file=cast("IO[str]", self.stdout), width=None if is_terminal else _FILE_WIDTH), result)


async def searched(asked: Question) -> SearchResult:
    """Search as a served question is searched."""
    engine = build_engine()
    try:
        await engine.warm()
        # the first search pays for connections and the model; the second one is what a served question takes
        await engine.search(asked)
        return await engine.search(asked)
    finally:
        await engine.close()


def show(console: Console, result: SearchResult) -> None:
    """Print what was found, as much beside each other as the console has room for."""
    understanding = result.understanding
    verdict = "answerable" if result.is_answerable else f"refused: {result.refusal_reason}"
    console.print(f"[bold]{understanding.standalone}[/bold]")
    console.print(f"intent {understanding.intent} · references {', '.join(understanding.labels) or 'none'}")
    console.print(
        f"evidence {result.evidence:.3f} · {verdict} · dropped {result.dropped} · revision {result.index_revision}"
    )
    if result.degraded:
        console.print(f"degraded: {', '.join(result.degraded)}")
    console.print(_fused(result, console.width))
    for table in _legs(result, console.width):
        console.print(table)
    console.print(_times(result))


def _fused(result: SearchResult, width: int) -> Table:
    legs = [ranking.leg for ranking in result.rankings]
    has_text = width >= _NAME_WIDTH + _SCORE_WIDTH * len(legs) + _TEXT_WIDTH
    if width < _NAME_WIDTH + _SCORE_WIDTH * len(legs):
        legs = []  # the tables of the legs show them
    scores = [Column(name, justify="right", no_wrap=True) for name in ("score", *legs)]
    text = [Column("text", no_wrap=True, overflow="ellipsis")] if has_text else []
    name = Column("passage", min_width=24)
    table = Table("#", name, "reference", *scores, *text, title="Fused", title_justify="left", box=SIMPLE)
    # Best first by their own score; "#" keeps the place that the answer gives them (official texts before samples).
    for ranked in sorted(result.passages, key=lambda ranked: -ranked.score):
        by_leg = dict(ranked.leg_scores)
        locator = display_locator(ranked.passage.locator, ranked.passage.code)
        table.add_row(
            str(ranked.rank),
            locator or ranked.passage.document_title,
            "exact" if ranked.is_exact_reference else "",
            f"{ranked.score:.3f}",
            *(f"{by_leg[leg]:.3f}" if leg in by_leg else "" for leg in legs),
            *([" ".join(ranked.passage.text.split())[:70]] if has_text else []),
        )
    return table


def _legs(result: SearchResult, width: int) -> Iterator[Table]:
    """Yield the legs' rankings, as many beside each other as have room."""
    shown = {hit.entry_id for ranking in result.rankings for hit in ranking.hits[:_LEG_ROWS]}
    named = IndexEntry.objects.filter(pk__in=shown).values_list("pk", "locator", "document_title")
    names = {pk: locator or title for pk, locator, title in named}
    n_beside = max(1, width // _LEG_WIDTH)
    for first in range(0, len(result.rankings), n_beside):
        beside = result.rankings[first : first + n_beside]
        table = Table("#", *(ranking.leg for ranking in beside), title="Legs", title_justify="left", box=SIMPLE)
        for place in range(_LEG_ROWS):
            cells = []
            for ranking in beside:
                hit = ranking.hits[place] if place < len(ranking.hits) else None
                cells.append(f"{names.get(hit.entry_id, hit.entry_id)} {hit.score:.3f}" if hit else "")
            table.add_row(str(place + 1), *cells)
        yield table


def _times(result: SearchResult) -> Table:
    table = Table("stage", Column("ms", justify="right"), title="Times", title_justify="left", box=SIMPLE)
    for stage, elapsed_ms in result.timings_ms:
        table.add_row(stage, f"{elapsed_ms:.1f}")
    return table
