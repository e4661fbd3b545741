"""Puts corpora where the engine finds them, and remembers which entry is which passage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from apps.rag import indexer
from apps.rag.embedding import entries_embed_missing
from apps.rag.evaluation.corpus import Corpus
from apps.rag.models import IndexEntry
from apps.rag.types import InForce

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Shelved:
    """What an entry is: the passage of a corpus that judgements name, and when it is in force."""

    corpus: str
    gold_id: str
    in_force: InForce


def corpora_index(
    corpora: Sequence[Corpus], *, has_vectors: bool, progress: Progress | None = None
) -> Mapping[int, Shelved]:
    """Stage, publish and embed corpora; return what each entry is. Idempotent. Raises EmbedderFailed."""
    shelved: dict[int, Shelved] = {}
    for corpus in corpora:
        entries = corpus.entries
        staged = indexer.entries_stage(entries)
        for entry_id, passage, entry in zip(staged, corpus.passages, entries, strict=True):
            shelved[entry_id] = Shelved(corpus.name, passage.gold_id, entry.in_force)
        for version_id in dict.fromkeys(entry.version_id for entry in entries):
            indexer.version_publish(version_id)
    if has_vectors:
        namespaces = [corpus.namespace for corpus in corpora]
        entries_embed_missing(IndexEntry.objects.filter(namespace__in=namespaces), progress=progress)
    return shelved


def corpora_remove(corpora: Sequence[Corpus]) -> int:
    """Take corpora out again; return how many entries went."""
    versions = dict.fromkeys(entry.version_id for corpus in corpora for entry in corpus.entries)
    return sum(indexer.version_remove(version_id) for version_id in versions)
