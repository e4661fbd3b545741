"""What the peers search and are asked: real passages with judged questions, among made ones where there are to be more.

The vectors are made once, by Kauri's built-in model, and kept under var/eval between runs.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from corpus import passages_make
from peer_systems import Passages, Told, Vectors

_BATCH = 32
# Made of other texts than the judged ones: a passage made of a relevant one's sentences would be relevant too.
_DISTRACTORS = ("piaf", "service_public_faq", "cnil_faq", "dgfip_fiches")
_NOISE = 0.02  # tells made passages of the same sentences apart


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the ids of the passages that answer it."""

    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Job:
    """One corpus with its questions."""

    name: str
    passages: Passages
    questions: tuple[Asked, ...]


def job_make(name: str, data_dir: Path, kept: Path, *, n_passages: int | None = None, n_questions: int = 500) -> Job:
    """Read a set, fill it up with made passages to `n_passages`, and embed what has no vector yet."""
    from apps.rag.evaluation.dataset import dataset_read
    from apps.rag.retrieval.sentences import sentences

    dataset = dataset_read(Path(name), library=data_dir, limit=n_questions)
    (corpus,) = dataset.corpora
    entries = corpus.entries
    ids = [passage.gold_id for passage in corpus.passages]
    texts = [entry.search_text for entry in entries]
    cut = [tuple(sentences(entry.text)) for entry in entries]
    made = list(passages_make(data_dir, max(0, (n_passages or 0) - len(ids)), sets=_DISTRACTORS))
    vectors = vectors_of(texts, kept)
    unique = list(dict.fromkeys(each for group in (*cut, *(one.sentences for one in made)) for each in group))
    of_sentences = vectors_of(unique, kept)
    place = {sentence: at for at, sentence in enumerate(unique)}
    rows = [tuple(place[each] for each in group) for group in (*cut, *(one.sentences for one in made))]
    filler = _mean_vectors(rows[len(ids) :], of_sentences)
    passages = Passages(
        ids=(*ids, *(one.passage_id for one in made)),
        texts=(*texts, *(f"{one.title}\n{one.text}".strip() for one in made)),
        vectors=np.concatenate([vectors, filler]) if made else vectors,
        told=(
            *(
                Told(each.code, each.document_title, each.locator, each.heading_path, each.references, each.text)
                for each in entries
            ),
            *(Told("", one.title, one.passage_id, (one.title,) if one.title else (), (), one.text) for one in made),
        ),
        sentences=tuple(rows),
        sentence_vectors=of_sentences,
    )
    asked = tuple(Asked(query.text, query.relevant) for query in dataset.queries)
    return Job(name if not made else f"{name} among {len(passages.ids):,}", passages, asked)


def vectors_of(texts: Sequence[str], kept: Path) -> Vectors:
    """Return (n_texts, dimension) float32 vectors, from the file of kept ones where it has them."""
    from apps.rag.embedders.builtin import BuiltinEmbedder
    from apps.rag.embedders.cached import embed_key

    model = BuiltinEmbedder()
    keys = [embed_key(model, text) for text in texts]
    kept.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(kept, timeout=60)) as file:
        file.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")
        wanted = dict(zip(keys, texts, strict=True))
        known = {key: row[0] for key in wanted if (row := file.execute(_SELECT, [key]).fetchone())}
        missing = sorted(wanted.keys() - known.keys(), key=lambda key: len(wanted[key]))
        for at in range(0, len(missing), _BATCH):
            batch = missing[at : at + _BATCH]
            packed = model.embed([wanted[key] for key in batch]).astype(np.float16)
            fresh = {key: vector.tobytes() for key, vector in zip(batch, packed, strict=True)}
            file.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", fresh.items())
            file.commit()
            known.update(fresh)
    joined = b"".join(known[key] for key in keys)
    return np.frombuffer(joined, dtype=np.float16).reshape(len(texts), -1).astype(np.float32)


_SELECT = "SELECT vector FROM vectors WHERE key = ?"


def job_write(job: Job, folder: Path) -> None:
    """Write the passages where the workers read them."""
    passages = job.passages
    told = (asdict(each) for each in passages.told)
    rows = zip(passages.ids, passages.texts, told, passages.sentences, strict=True)
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    np.save(folder / "vectors.npy", job.passages.vectors)
    np.save(folder / "sentences.npy", job.passages.sentence_vectors.astype(np.float16))


def passages_read(folder: Path) -> Passages:
    """Read the passages that `job_write` wrote."""
    with (folder / "passages.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return Passages(
        ids=tuple(row[0] for row in rows),
        texts=tuple(row[1] for row in rows),
        vectors=np.load(folder / "vectors.npy"),
        told=tuple(_told(row[2]) for row in rows),
        sentences=tuple(tuple(row[3]) for row in rows),
        sentence_vectors=np.load(folder / "sentences.npy", mmap_mode="r"),
    )


def _told(written: dict[str, Any]) -> Told:
    lists = {"headings": tuple(written["headings"]), "references": tuple(written["references"])}
    return Told(**{**written, **lists})


def _mean_vectors(rows: Sequence[Sequence[int]], of_sentences: Vectors) -> Vectors:
    """Return the normalised means of the sentences' vectors, with a little seeded noise."""
    if not rows:
        return np.zeros((0, of_sentences.shape[1]), dtype=np.float32)
    means = np.stack([of_sentences[list(row)].mean(axis=0) for row in rows])
    means += np.random.default_rng(0).normal(0.0, _NOISE / np.sqrt(means.shape[1]), means.shape)
    unit: Vectors = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    return unit
