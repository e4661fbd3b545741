"""manage.py rag_reembed: make all vectors by another model while Kauri goes on answering, then switch."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from apps.rag.embedders import embedder_named
from apps.rag.embedding import configured_choice
from apps.rag.errors import EmbedderFailed
from apps.rag.ports import Embedder
from apps.rag.reembedding import index_remake, is_made, retired_drop


class Command(BaseCommand):
    """Change the model of the vectors."""

    help = "Make all vectors by another model beside those that are searched, and switch to them when they are whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--model", help="builtin, bge, bge:FOLDER or remote:MODEL; default: the configured one")
        parser.add_argument("--drop-retired", action="store_true", help="remove indexes that are no longer searched")

    def handle(self, *_args: Any, model: str | None, drop_retired: bool, **_options: Any) -> None:
        """Switch, drop, or both."""
        console = Console(file=cast("IO[str]", self.stdout))
        try:
            if model or not drop_retired:
                self._switch(console, model or configured_choice())
            if drop_retired:
                console.print(_("%(n)s old indexes removed.") % {"n": retired_drop()})
        except EmbedderFailed as error:
            raise CommandError(str(error)) from error

    def _switch(self, console: Console, choice: str) -> None:
        name, _separator, model = choice.partition(":")
        embedder = embedder_named(name, model)
        if not embedder.dimension:
            raise EmbedderFailed(_("%(choice)s makes no vectors: there is nothing to compute.") % {"choice": choice})
        if is_made(embedder):
            console.print(_("The vectors that are searched are of this model already, and whole."))
            return
        n_vectors = remade(embedder, console)
        console.print(_("%(n)s passages are now searched by %(model)s.") % {"n": n_vectors, "model": embedder.name})
        if choice != configured_choice():
            lines = [f"EMBEDDER={name}", *([f"EMBEDDER_MODEL={model}"] if model else [])]
            told = _("Set %(settings)s and start Kauri again; until then it searches by words only.")
            console.print(told % {"settings": ", ".join(lines)})


def remade(embedder: Embedder, console: Console) -> int:
    """Make a whole index under a progress bar and return how many vectors it has. Raises EmbedderFailed."""
    columns = (_("Vectors"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)
        made = index_remake(embedder, progress=lambda done, total: bar.update(task, completed=done, total=total))
    return made.embeddings.count()
