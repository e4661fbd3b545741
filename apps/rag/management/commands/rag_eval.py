"""manage.py rag_eval: how well the engine finds and answers, on questions whose answers are known."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console

from apps.rag.evaluation.asking import DEFAULT_LEGS, LEGS
from apps.rag.evaluation.dataset import Dataset, dataset_read
from apps.rag.evaluation.evaluate import Measured, Wishes, corpora_of, evaluate
from apps.rag.evaluation.kept import vectors_keep, vectors_restore
from apps.rag.evaluation.plot import recall_plot
from apps.rag.evaluation.report import as_json, show, show_misses
from apps.rag.evaluation.steps import Steps
from apps.rag.types import InForce
from kauri.launcher.errors import LaunchError
from kauri.launcher.throwaway import throwaway_environment
from kauri.lib.days import day_read
from kauri.lib.errors import KauriError

# Of the settings, the measurement keeps those that say which models and which texts; all else is its own.
_KEPT_SETTINGS = ("EMBED", "RERANK", "KAURI_DATA_DIR", "KAURI_LOG_LEVEL", "KAURI_TIME_ZONE")
_WIDTH = 160


class Command(BaseCommand):
    """Evaluate."""

    help = (
        "Measure retrieval and answers on DATASETs, in an index of its own that leaves the knowledge base alone: "
        "folders with corpus.jsonl (id, title, text) and questions.jsonl (id, text, relevant, and where known "
        "expected_answer, must_contain, must_refuse, as_of, history), or files of questions that name their corpus."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("datasets", nargs="+", type=Path, metavar="DATASET")
        parser.add_argument(
            "--legs", nargs="+", choices=LEGS, default=list(DEFAULT_LEGS), help="rankings to measure, the last is final"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
        parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw recall by k")
        parser.add_argument("--limit", type=_count, metavar="N", help="ask only the first N questions of each")
        parser.add_argument("--misses", action="store_true", help="list what was not found first or badly answered")
        parser.add_argument("--as-of", type=day_read, metavar="YYYY-MM-DD", help="day of the questions that name none")
        parser.add_argument(
            "--in-force", type=_period, action="append", default=[], metavar="CORPUS=FROM..TO",
            help="when a corpus is in force (TO exclusive, either may be left out)",
        )  # fmt: skip
        parser.add_argument("--together", action="store_true", help="let every question search all the corpora")
        parser.add_argument("--no-answers", action="store_true", help="measure retrieval alone")
        parser.add_argument("--embedder", metavar="NAME", help="another embedder than the setting EMBEDDER names")
        parser.add_argument("--on-these-stores", type=Path, metavar="VECTORS", help=SUPPRESS)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read the datasets, then measure them on stores that this run starts for itself."""
        try:
            datasets = _read(options)
            if options["on_these_stores"] is None:
                _say_unknown(datasets)
                _run_apart(options)
                return
            measured = _measured(datasets, options)
        except KauriError as error:
            raise CommandError(str(error)) from error
        except LaunchError as error:
            raise CommandError(_(error.template) % error.parameters) from error
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        self._tell(measured, options)

    def _tell(self, measured: Sequence[Measured], options: Mapping[str, Any]) -> None:
        if options["plot"]:
            recall_plot([each.report for each in measured], options["plot"])
        if options["as_json"]:
            told = [as_json(each.report) for each in measured]
            answer = told[0] if len(told) == 1 else {"datasets": told}
            self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
            return
        console = Console(file=cast("IO[str]", self.stdout), width=_WIDTH, highlight=False)
        for each in measured:
            if options["misses"]:
                show_misses(console, each.outcomes, each.report.legs[-1].leg)
            show(console, each.report)


def _read(options: Mapping[str, Any]) -> tuple[Dataset, ...]:
    library = Path(settings.KAURI_DATA_DIR)
    periods = dict(options["in_force"])
    datasets = tuple(
        dataset_read(path, library=library, limit=options["limit"], in_force=periods) for path in options["datasets"]
    )
    unknown = set(periods) - {corpus.name for corpus in corpora_of(datasets)}
    if unknown:
        raise CommandError(_("--in-force names no corpus of these: %(names)s") % {"names": ", ".join(sorted(unknown))})
    return datasets


def _measured(datasets: Sequence[Dataset], options: Mapping[str, Any]) -> tuple[Measured, ...]:
    steps = Steps()
    with steps.step(_("Making the tables")):
        call_command("migrate", "rag", verbosity=0)
        vectors_restore(options["on_these_stores"])
    wishes = Wishes(
        legs=tuple(options["legs"]),
        wants_answers=not options["no_answers"],
        is_together=options["together"],
        as_of=options["as_of"],
    )
    try:
        return evaluate(datasets, wishes, steps)
    finally:
        vectors_keep(options["on_these_stores"])


def _run_apart(options: Mapping[str, Any]) -> None:
    """Run this command again in a process whose stores nobody else knows; it prints where this one would."""
    steps = Steps()
    vectors = Path(settings.KAURI_VAR_DIR) / "eval" / "vectors.sqlite3"
    argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "rag_eval", *_argv(options)]
    with throwaway_environment(_KEPT_SETTINGS) as environment:
        if options["embedder"]:
            environment["EMBEDDER"] = options["embedder"]
        with steps.step(_("Starting stores of its own")):
            pass
        finished = subprocess.run([*argv, "--on-these-stores", str(vectors)], env=environment, check=False)
    if finished.returncode:
        raise SystemExit(finished.returncode)


def _argv(options: Mapping[str, Any]) -> list[str]:
    """Return the options as the command line says them."""
    argv = [*map(str, options["datasets"]), "--legs", *options["legs"]]
    switches = {"as_json": "--json", "misses": "--misses", "together": "--together", "no_answers": "--no-answers"}
    argv += [flag for name, flag in switches.items() if options[name]]
    for name, flag in (("plot", "--plot"), ("limit", "--limit"), ("as_of", "--as-of")):
        if options[name] is not None:
            argv += [flag, str(options[name])]
    for corpus, period in options["in_force"]:
        argv += ["--in-force", f"{corpus}={period.start or ''}..{period.end or ''}"]
    return argv


def _say_unknown(datasets: Sequence[Dataset]) -> None:
    """Say on the error stream which judgements name passages that are not there: they count as not found."""
    for dataset in datasets:
        unknown = dataset.unknown
        if unknown:
            places = {"dataset": dataset.name, "n": len(unknown), "query": unknown[0][0], "passage": unknown[0][1]}
            said = _(
                "%(dataset)s: %(n)d judgements name passages that its corpus does not hold, the first in "
                "%(query)s (%(passage)s). They count as not found."
            )
            Console(stderr=True, highlight=False).print(said % places, style="yellow", markup=False)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(_("%(text)s is no number of questions") % {"text": text})
    return int(text)


def _period(text: str) -> tuple[str, InForce]:
    corpus, found, days = text.partition("=")
    start, dots, end = days.partition("..")
    if not found or not dots or not (start or end):
        raise ArgumentTypeError(_("%(text)s is not a period such as CORPUS=2025-01-01..2026-01-01") % {"text": text})
    return corpus, InForce(day_read(start) if start else None, day_read(end) if end else None)
