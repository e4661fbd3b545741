"""manage.py rag_rebuild: write the full text anew from PostgreSQL, and the vectors too where asked."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from apps.rag.config import configured
from apps.rag.embedders import embedder_named
from apps.rag.errors import EmbedderFailed, VectorsUnavailable
from apps.rag.management.commands.rag_reembed import remade
from apps.rag.reembedding import retired_drop
from apps.rag.retrieval.folder import LexicalFolder, WriterLock
from apps.rag.retrieval.follower import rebuild
from apps.rag.retrieval.vectorfollower import VectorsFollower, refill
from apps.rag.stores import outside_store
from apps.rag.stores.pinecone import PineconeStore


class Command(BaseCommand):
    """Rebuild what is derived."""

    help = "Rebuild the full text from PostgreSQL; with --embeddings, the vectors too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--embeddings", action="store_true", help="compute all vectors anew as well")

    def handle(self, *_args: Any, embeddings: bool, **_options: Any) -> None:
        """Rebuild and say what was done."""
        console = Console(file=cast("IO[str]", self.stdout))
        self._rebuild_full_text(console)
        if embeddings:
            self._rebuild_vectors(console)
        store = outside_store()
        if store is not None:
            self._refill(store, console)

    def _rebuild_full_text(self, console: Console) -> None:
        folder = LexicalFolder(Path(settings.KAURI_INDEX_DIR))
        lock = WriterLock(folder)
        if not lock.acquire():
            folder.ask_rebuild()
            console.print("A running process writes the full text: it rebuilds it now.")
            return
        try:
            started = time.perf_counter()
            state = rebuild(folder)
            console.print(f"Full text rebuilt up to change {state.seq} in {time.perf_counter() - started:.1f} s.")
        finally:
            lock.release()

    def _refill(self, store: PineconeStore, console: Console) -> None:
        refill(store.name)
        follower = VectorsFollower(store, configured())
        try:
            n_steps = 0
            while follower.step():
                n_steps += 1
        except VectorsUnavailable as error:
            raise CommandError(str(error)) from error
        finally:
            follower.stop()
            store.close()
        done = "filled anew." if n_steps else "filled anew by the process that follows."
        console.print(f"{store.name} is {done}")

    def _rebuild_vectors(self, console: Console) -> None:
        embedder = embedder_named(settings.KAURI_EMBEDDER)
        if not embedder.dimension:
            console.print("There is no embedder: no vectors.")
            return
        try:
            n_vectors = remade(embedder, console)
            retired_drop(embedder)
        except EmbedderFailed as error:
            raise CommandError(str(error)) from error
        console.print(f"Vectors of {n_vectors} passages computed.")
