"""manage.py rag_calibrate: finds the weights of ranking and evidence on questions whose answers are known."""

from __future__ import annotations

import shutil
import subprocess
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from apps.rag.build import build_engine
from apps.rag.calibration import (
    Calibration,
    answers_shipped,
    calibration_of,
    calibration_write,
    turn_write,
    written_to,
)
from apps.rag.embedders import embedder_named
from apps.rag.evaluation.calibrate import Calibrated, calibrate, calibrate_answers
from apps.rag.evaluation.calibration import Quality
from apps.rag.evaluation.calibration_answers import AnswersFitted
from apps.rag.evaluation.dataset import Dataset, dataset_read
from apps.rag.evaluation.evaluate import corpora_of
from apps.rag.evaluation.index import corpora_index
from apps.rag.evaluation.kept import vectors_keep, vectors_restore
from apps.rag.evaluation.steps import Steps
from apps.rag.evaluation.turning import held_out, turn_fitted
from apps.rag.evaluation.turning_pairs import pairs_of_all
from kauri.launcher.errors import LaunchError
from kauri.launcher.throwaway import throwaway_environment
from kauri.lib.errors import KauriError

_KEPT_SETTINGS = ("EMBED", "KAURI_DATA_DIR", "KAURI_LOG_LEVEL", "KAURI_TIME_ZONE")
_WIDTH = 140


class Command(BaseCommand):
    """Calibrate."""

    help = (
        "Find, for the embedder in use, the weights with which candidates are chosen and ordered and the evidence from "
        "which on a question is answered, on DATASETs as rag_eval reads them; shows what changes, also on each dataset "
        "by the weights of the others. --write keeps them for this installation; processes read them when they start. "
        "Then, with --answers, fit to them when a passage is quoted and when none is."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "datasets", nargs="+", type=Path, metavar="DATASET", help="of the field: what is asked here is answered"
        )
        parser.add_argument(
            "--elsewhere", nargs="+", type=Path, default=[], metavar="DATASET",
            help="of other fields: the ranking learns from them too, and their questions are refused here",
        )  # fmt: skip
        parser.add_argument("--limit", type=int, metavar="N", help="ask only the first N questions of each")
        parser.add_argument(
            "--answers", action="store_true",
            help="fit only the models of answers, to the ranking and the evidence in use",
        )  # fmt: skip
        parser.add_argument("--write", action="store_true", help="keep what is found")
        parser.add_argument(
            "--turn", action="store_true",
            help="find the turn of questions instead; shows what the first half of each dataset does for the second",
        )  # fmt: skip
        parser.add_argument("--embedder", metavar="NAME", help="another embedder than the setting EMBEDDER names")
        parser.add_argument("--on-these-stores", type=Path, metavar="VECTORS", help=SUPPRESS)
        parser.add_argument("--into", type=Path, help=SUPPRESS)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read the datasets, then calibrate on stores that this run starts for itself."""
        try:
            field, elsewhere = _read(options["datasets"], options), _read(options["elsewhere"], options)
            if options["on_these_stores"] is None:
                _run_apart(options)
                return
            if options["turn"] and options["answers"]:
                raise CommandError(_("Find the turn first, then the models of answers: --turn and --answers apart."))
            if options["turn"]:
                self._turn((*field, *elsewhere), options)
                return
            calibration = self._calibrated(field, elsewhere, options)
        except KauriError as error:
            raise CommandError(str(error)) from error
        except LaunchError as error:
            raise CommandError(_(error.template) % error.parameters) from error
        if options["write"]:
            path = calibration_write(_embedder(), calibration, options["into"])
            self.stdout.write(_("Written to %(path)s.") % {"path": path})

    def _turn(self, datasets: Sequence[Dataset], options: Mapping[str, Any]) -> None:
        embedder = embedder_named(settings.KAURI_EMBEDDER)
        with _stores(options["on_these_stores"]) as steps:
            with steps.step(_("Indexing the passages")) as tell:
                shelved = corpora_index(corpora_of(datasets), has_vectors=True, progress=tell)
            pairs = pairs_of_all(embedder, datasets, shelved)
        if not any(len(each.questions) > 1 for each in pairs.values()):
            raise CommandError(_("No question here has both a passage and vectors to turn it by."))
        with steps.step(_("Fitting")):
            found, turn = held_out(pairs), turn_fitted(pairs)
        table = Table(_("dataset"), _("before"), _("found"), title=_("R@10 / MRR@10 of the nearest sentence alone"))
        for name, (before, after) in found.items():
            table.add_row(name, f"{before.recall:.3f} / {before.mrr:.3f}", f"{after.recall:.3f} / {after.mrr:.3f}")
        Console(file=cast("IO[str]", self.stdout), width=_WIDTH, highlight=False).print(table)
        if options["write"]:
            path = turn_write(embedder.name, turn, options["into"])
            self.stdout.write(_("Written to %(path)s.") % {"path": path})

    def _calibrated(
        self, field: Sequence[Dataset], elsewhere: Sequence[Dataset], options: Mapping[str, Any]
    ) -> Calibration:
        """Fit what is asked for, show it, and return it with the rest as it was."""
        console = Console(file=cast("IO[str]", self.stdout), width=_WIDTH, highlight=False)
        _adopt(options["into"])
        before = calibration_of(_embedder())
        if options["answers"]:
            if before is None:
                raise CommandError(_("Find the weights of the ranking first: run this without --answers."))
            with _stores(options["on_these_stores"]) as steps:
                answers = calibrate_answers(build_engine, field, elsewhere, steps)
            _show_answers(console, answers)
            return replace(before, answers=answers.models)
        with _stores(options["on_these_stores"]) as steps:
            found = calibrate(build_engine, field, elsewhere, steps)
        _show(console, found)
        models = before.answers if before else answers_shipped(_embedder())
        return Calibration(found.fusion, found.rerank, found.evidence, models)


def _read(paths: Sequence[Path], options: Mapping[str, Any]) -> tuple[Dataset, ...]:
    library = Path(settings.KAURI_DATA_DIR)
    return tuple(dataset_read(path, library=library, limit=options["limit"], in_force={}) for path in paths)


def _embedder() -> str:
    return embedder_named(settings.KAURI_EMBEDDER).name


def _adopt(folder: Path | None) -> None:
    """Take over what was calibrated for this installation: these stores know nothing of it."""
    if folder is not None and folder.is_dir():
        shutil.copytree(folder, written_to(), dirs_exist_ok=True)


@contextmanager
def _stores(vectors: Path) -> Iterator[Steps]:
    steps = Steps()
    with steps.step(_("Making the tables")):
        call_command("migrate", "rag", verbosity=0)
        vectors_restore(vectors)
    try:
        yield steps
    finally:
        vectors_keep(vectors)


def _run_apart(options: Mapping[str, Any]) -> None:
    """Run this command again in a process whose stores nobody else knows; it prints where this one would."""
    var = Path(settings.KAURI_VAR_DIR)
    argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "rag_calibrate"]
    argv += [_placed(path) for path in options["datasets"]]
    if options["elsewhere"]:
        argv += ["--elsewhere", *map(_placed, options["elsewhere"])]
    argv += ["--limit", str(options["limit"])] if options["limit"] else []
    argv += [flag for flag in ("--answers", "--turn", "--write") if options[flag.removeprefix("--")]]
    argv += ["--into", str(var / "calibration"), "--on-these-stores", str(var / "eval" / "vectors.sqlite3")]
    with throwaway_environment(_KEPT_SETTINGS) as environment:
        if options["embedder"]:
            environment["EMBEDDER"] = options["embedder"]
        finished = subprocess.run(argv, env=environment, check=False)
    if finished.returncode:
        raise SystemExit(finished.returncode)


def _placed(path: Path) -> str:
    """Return a path that is the same from anywhere; a bare name is sought in the library."""
    return str(path.resolve() if path.exists() else path)


def _show(console: Console, found: Calibrated) -> None:
    weights = Table("", *asdict(found.rerank), title=_("Weights of the signs"))
    for name, each in ((_("before"), found.before.rerank), (_("found"), found.rerank)):
        weights.add_row(name, *(f"{value:.2f}" for value in asdict(each).values()))
    console.print(weights)
    legs = ", ".join(f"{leg} {value:g}" for leg, value in asdict(found.fusion).items())
    console.print(_("Weights of the legs: %(weights)s") % {"weights": legs})
    ranking = Table(
        _("dataset"),
        _("questions"),
        _("before"),
        _("found"),
        _("by the others' weights"),
        title="R@10 / MRR@10 / nDCG@10",
    )
    for row in found.datasets:
        ranking.add_row(row.name, str(row.n), _said(row.before), _said(row.found), _said(row.left_out))
    console.print(ranking)
    evidence = Table(_("evidence"), _("answered"), _("refused"), title=_("Evidence, cross-validated"))
    for rate in found.rates:
        mark = " *" if rate.threshold == found.threshold else ""
        evidence.add_row(f"{rate.threshold:.2f}{mark}", f"{rate.answered:.1%}", f"{rate.refused:.1%}")
    console.print(evidence)
    groups = Table(_("questions of"), "n", _("before"), _("found"), title=_("Answered"))
    for group in found.groups:
        groups.add_row(group.name, str(group.n), f"{group.before:.1%}", f"{group.found:.1%}")
    console.print(groups)


def _show_answers(console: Console, found: AnswersFitted) -> None:
    for title, model in (
        (_("Which passage answers"), found.models.passage),
        (_("Whether to answer"), found.models.answer),
    ):
        table = Table(*asdict(model), title=title)
        table.add_row(*(f"{value:.2f}" for value in asdict(model).values()))
        console.print(table)
    groups = Table(_("questions of"), "n", _("answered"), _("rightly"), title=_("Answers, cross-validated"))
    for group in found.groups:
        groups.add_row(group.name, str(group.n), f"{group.answered:.1%}", _share(group.right))
    console.print(groups)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _said(quality: Quality | None) -> str:
    return f"{quality.recall:.3f} / {quality.mrr:.3f} / {quality.ndcg:.3f}" if quality else ""
