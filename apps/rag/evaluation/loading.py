"""Puts evaluation corpora into namespaces of their own, and takes them out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from apps.rag import indexer
from apps.rag.evaluation.sets import corpus_entries, version_of

Progress = Callable[[int, int], None]


def corpus_load(data_dir: Path, corpus: str, *, progress: Progress | None = None) -> int:
    """Stage, publish and embed a corpus; return how many entries it has. Idempotent."""
    entries = {entry.passage_id: entry for entry in corpus_entries(data_dir, corpus)}
    indexer.entries_stage(tuple(entries.values()))
    indexer.version_publish(version_of(corpus))
    indexer.entries_embed(version_of(corpus), progress=progress)
    return len(entries)


def corpus_unload(corpus: str) -> int:
    """Remove a corpus; return how many entries went."""
    return indexer.version_remove(version_of(corpus))
