"""manage.py kb_import: files and folders into the corpus."""

import argparse
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from apps.knowledge import services
from apps.knowledge.batch import Batch, FileState, Result
from apps.knowledge.errors import BadMetadata
from apps.knowledge.manifest import Said, files_to_add
from apps.knowledge.models import Document
from kauri.lib.days import day_read

_REFRESH_S = 0.5
_STYLES: dict[Result, str] = {"added": "green", "unchanged": "", "failed": "red", "pending": "yellow"}


class Command(BaseCommand):
    help = "Add files or folders to the corpus; the same file is added once. Exit code 1 if any failed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--namespace", default="", help="collection, such as references")
        parser.add_argument("--code", default="", help="short code, such as AUSCGIE")
        parser.add_argument("--title", default="")
        parser.add_argument("--kind", default=Document.Kind.DOCTRINE.value, choices=Document.Kind.values)
        parser.add_argument("--country", default="", help="member state by its two letters; none for all")
        parser.add_argument("--plan", default="", help="which chart of accounts a chart is, or column:NAME")
        parser.add_argument("--in-force-from", type=day_read, metavar="YYYY-MM-DD")
        parser.add_argument("--in-force-to", type=day_read, metavar="YYYY-MM-DD", help="exclusive")
        parser.add_argument("--manifest", type=Path, metavar="FILE.jsonl")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]  # Django's wrapper writes like a file
        batch: Batch | None = None
        states: Sequence[FileState]
        try:
            batch = _batch(options)
            with _progress(batch, is_shown=not options["json"]):
                states = batch.run()
        except OperationalError as error:
            raise CommandError(_("The database does not answer. Start Kauri with “manage.py up” first.")) from error
        except KeyboardInterrupt:
            states = batch.states if batch else ()
            _say_stopped(console, states, is_json=options["json"], elapsed_s=time.monotonic() - started)
            raise SystemExit(130) from None
        _say(console, states, is_json=options["json"], elapsed_s=time.monotonic() - started)
        if any(state.result == "failed" for state in states):
            raise SystemExit(1)


def _batch(options: dict[str, Any]) -> Batch:
    said = Said(
        namespace=options["namespace"],
        code=options["code"],
        title=options["title"],
        kind=options["kind"],
        country=options["country"],
        plan=options["plan"],
        in_force_from=options["in_force_from"],
        in_force_to=options["in_force_to"],
    )
    try:
        files = files_to_add(options["paths"], defaults=said, manifest=options["manifest"])
    except BadMetadata as error:
        raise CommandError(str(error)) from error
    if not files:
        raise CommandError(_("There is no file to import here."))
    if len(files) > 1 and (said.code or said.title):
        raise CommandError(_("--code and --title belong to one file; name several files in a manifest."))
    services.namespaces_seed()
    return Batch(files)


@contextmanager
def _progress(batch: Batch, *, is_shown: bool) -> Iterator[None]:
    """Show how far it is on the error stream, so that the summary can be piped away."""
    console = Console(stderr=True)
    if not is_shown:
        yield
    elif console.is_terminal:
        with _bar(batch, console):
            yield
    else:
        lines = _Lines(console)
        try:
            with _watching(batch, lines.tell):
                yield
        finally:
            lines.tell(batch.states)


class _Lines:
    """A line for each file as it ends, where no bar can be drawn: in a log, under `manage.py up`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[int] = set()

    def tell(self, states: Sequence[FileState]) -> None:
        for index, state in enumerate(states):
            if state.result != "pending" and index not in self._told:
                self._told.add(index)
                said = _("%(file)s: %(result)s") % {"file": state.label, "result": _ended(state)}
                line = f"{len(self._told)}/{len(states)}  {said}"
                self._console.print(line, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _bar(batch: Batch, console: Console) -> Iterator[None]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    total = sum(state.byte_count for state in batch.states)
    task = bar.add_task("", total=total, rate="")
    began = time.monotonic()

    def draw(states: Sequence[FileState]) -> None:
        n_done = sum(state.result != "pending" for state in states)
        done = sum(state.byte_count * state.progress // 100 for state in states)
        rate = _("%(rate)s kB/s") % {"rate": f"{done / 1000 / (time.monotonic() - began):.0f}"}
        bar.update(task, completed=done, description=_now(states, n_done), rate=rate)

    # The table says what failed; log lines would tear the bar. Errors that need a code change still show.
    logging.disable(logging.WARNING)
    try:
        with bar, _watching(batch, draw):
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _watching(batch: Batch, tell: Callable[[Sequence[FileState]], None]) -> Iterator[None]:
    """Call `tell` with the files' states, again and again, from a thread of its own."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(_REFRESH_S):
            try:
                batch.refresh()
            except OperationalError:
                continue
            finally:
                connection.close()
            tell(batch.states)

    thread = threading.Thread(target=watch, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _now(states: Sequence[FileState], n_done: int) -> str:
    under_way = next((state for state in states if state.result == "pending" and state.progress), None)
    counted = f"{n_done}/{len(states)}"
    return f"{counted}  {under_way.label[:36]}: {under_way.stage}" if under_way else counted


def _say(console: Console, states: Sequence[FileState], *, is_json: bool, elapsed_s: float) -> None:
    counted = Counter(state.result for state in states)
    n_by_result = {result: counted[result] for result in _STYLES}
    n_passages = sum(state.n_passages for state in states)
    if is_json:
        files = [{**asdict(state), "job_id": str(state.job_id) if state.job_id else None} for state in states]
        by_result: dict[str, int] = {str(result): n for result, n in n_by_result.items()}
        summary = {**by_result, "n_passages": n_passages, "elapsed_s": round(elapsed_s, 1), "files": files}
        console.file.write(json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
        return
    # what every file became was told line by line, where no bar was drawn: what is left is what to see to
    shown = states if Console(stderr=True).is_terminal else [s for s in states if s.result in {"failed", "pending"}]
    if shown:
        console.print(_table(shown))
    totals = ", ".join(_counted(result, n) for result, n in n_by_result.items() if n)
    console.print(
        _("%(totals)s; %(n_passages)s passages in %(elapsed)s s.")
        % {"totals": totals, "n_passages": n_passages, "elapsed": f"{elapsed_s:.1f}"}
    )


def _table(states: Sequence[FileState]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(_("File"), overflow="fold")
    table.add_column(_("Result"), no_wrap=True)
    table.add_column(_("Passages"), justify="right")
    table.add_column(_("Reason"), overflow="fold")
    words = _words()
    for state in states:
        result = f"[{style}]{words[state.result]}[/]" if (style := _STYLES[state.result]) else words[state.result]
        reason = state.reason if state.result in {"failed", "pending"} else ""
        table.add_row(state.label.replace("[", r"\["), result, str(state.n_passages or ""), reason.replace("[", r"\["))
    return table


def _ended(state: FileState) -> str:
    """Say how a file's import ended, and why it failed."""
    word = _words()[state.result]
    if state.result != "added":
        return " ".join(part for part in (word, f"({state.reason})" if state.reason else "") if part)
    passages = ngettext("%(n)s passage", "%(n)s passages", state.n_passages) % {"n": state.n_passages}
    return f"{word}, {passages}"


def _words() -> dict[Result, str]:
    return {"added": _("added"), "unchanged": _("unchanged"), "failed": _("failed"), "pending": _("not finished")}


def _counted(result: Result, n: int) -> str:
    words = {
        "added": ngettext("%(n)s added", "%(n)s added", n),
        "unchanged": ngettext("%(n)s unchanged", "%(n)s unchanged", n),
        "failed": ngettext("%(n)s failed", "%(n)s failed", n),
        "pending": ngettext("%(n)s not finished", "%(n)s not finished", n),
    }
    return words[result] % {"n": n}


def _say_stopped(console: Console, states: Sequence[FileState], *, is_json: bool, elapsed_s: float) -> None:
    _say(console, states, is_json=is_json, elapsed_s=elapsed_s)
    sentence = _(
        "Stopped. What was added is kept: a worker goes on with the imports that are queued, "
        "and the same command takes up what is left."
    )
    Console(stderr=True).print(sentence)
