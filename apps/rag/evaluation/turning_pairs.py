"""Gathers what a turn is found on: questions with the passages that answer them, and the vectors of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from apps.rag.config import RagConfig
from apps.rag.embedders.cached import embed_cached
from apps.rag.evaluation.dataset import Dataset
from apps.rag.evaluation.index import Shelved
from apps.rag.evaluation.turning import Pairs
from apps.rag.models import Embedding
from apps.rag.ports import Embedder, Vectors


def pairs_of(embedder: Embedder, dataset: Dataset, shelved: Mapping[int, Shelved]) -> Pairs | None:
    """Return a dataset's pairs, None where no question has a passage that is there. Raises EmbedderFailed."""
    corpora = {corpus.name for corpus in dataset.corpora}
    rows = Embedding.objects.filter(entry_id__in=[entry for entry, each in shelved.items() if each.corpus in corpora])
    stored = [(row.entry_id, np.asarray(row.vector, dtype=np.float32), row.sentence_vectors) for row in rows]
    place_of = {
        (shelved[entry_id].corpus, shelved[entry_id].gold_id): place for place, (entry_id, _, _) in enumerate(stored)
    }
    asked = [
        (query.text, min(places))
        for query in dataset.queries
        if (places := [place_of[query.corpus, each] for each in query.relevant if (query.corpus, each) in place_of])
    ]
    if not asked:
        return None
    config = RagConfig()
    texts = [text for text, _ in asked]
    questions = embed_cached(embedder, texts, ttl_s=config.embed_cache_ttl_s, batch=config.embed_batch)
    sentences = [_sentences(bytes(packed), vector) for _, vector, packed in stored]
    sizes = np.array([len(rows) for rows in sentences])
    return Pairs(
        np.asarray(questions, dtype=np.float32),
        np.array([place for _, place in asked]),
        np.stack([vector for _, vector, _ in stored]),
        np.concatenate(sentences),
        np.cumsum(sizes) - sizes,
    )


def pairs_of_all(embedder: Embedder, datasets: Sequence[Dataset], shelved: Mapping[int, Shelved]) -> dict[str, Pairs]:
    """Return the pairs of each dataset that has some. Raises EmbedderFailed."""
    found = {dataset.name: pairs_of(embedder, dataset, shelved) for dataset in datasets}
    return {name: pairs for name, pairs in found.items() if pairs is not None}


def _sentences(packed: bytes, vector: Vectors) -> Vectors:
    """Return a passage's sentences (n, d): itself where it has none."""
    rows = np.frombuffer(packed, dtype=np.float16).reshape(-1, len(vector)).astype(np.float32)
    return rows if len(rows) else vector[None]
