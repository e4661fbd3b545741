"""Loads a made corpus into the database in bulk, with vectors, under scopes that keep known shares of it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psycopg
from corpus import SEED, MadePassage, passages_make
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from psycopg.types.range import DateRange

if TYPE_CHECKING:
    from apps.rag.ports import Embedder, Vectors

SPACE = uuid.UUID("5c1d3a52-94c1-4a0e-9d53-0f2c3b1f7a11")
REST, PRIVATE = "scale_rest", "scale_private"
SHARES = (0.10, 0.01, 0.001)
ORGANISATIONS = {share: uuid.uuid5(SPACE, f"organisation {share}") for share in SHARES}
NAMESPACES = {share: f"scale_{str(share).replace('.', '_')}" for share in SHARES}
# what was in force then, and only then: each period keeps its share
PERIODS = {share: (date(1960 + 10 * n, 1, 1), date(1970 + 10 * n, 1, 1)) for n, share in enumerate(SHARES)}
TODAY = date(2026, 11, 22)
_ROOT = Path(__file__).resolve().parent.parent
_NOISE = 0.02  # tells passages of the same sentences apart
_BATCH = 1_000

_ENTRY_COLUMNS = (
    "id", "passage_id", "document_id", "version_id", "namespace", "organisation_id", "country", "kind", "code",
    "document_title", "locator", "heading_path", "ordinal", "page", "span_start", "span_end", "in_force", "plan",
    "text", "reference_keys", "search_text", "state",
)  # fmt: skip
_ENTRY_TYPES = (
    "int8", "uuid", "uuid", "uuid", "varchar", "uuid", "varchar", "varchar", "varchar",
    "text", "text", "text[]", "int4", "int4", "int4", "int4", "daterange", "varchar",
    "text", "text[]", "text", "varchar",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a made passage stands."""

    namespace: str
    organisation: uuid.UUID | None
    period: tuple[date, date | None]


def places(n_passages: int) -> Iterator[Place]:
    """Yield a place a passage: a tenth, a hundredth and a thousandth in each kind of scope, the rest everywhere."""
    chance = random.Random(SEED + 1)
    now = (date(2018, 1, 1), None)
    kinds: list[tuple[float, Place]] = []
    for share in SHARES:
        kinds.append((share, Place(NAMESPACES[share], None, now)))
        kinds.append((share, Place(PRIVATE, ORGANISATIONS[share], now)))
        kinds.append((share, Place(REST, None, PERIODS[share])))
    kinds.append((1.0 - sum(weight for weight, _ in kinds), Place(REST, None, now)))
    weights = [weight for weight, _ in kinds]
    for _ in range(n_passages):
        yield chance.choices(kinds, weights)[0][1]


@contextmanager
def stores_running(var_dir: Path) -> Iterator[None]:
    """Run stores of their own in a folder, unless they already run there, with the tables migrated."""
    from kauri import env
    from kauri.launcher.stores import services_written, stores_open

    with ExitStack() as stack:
        if not env.services(var_dir):
            (var_dir / "run").mkdir(parents=True, exist_ok=True)
            stores = stack.enter_context(stores_open(var_dir))
            stack.enter_context(services_written(var_dir, stores, web_url=""))
        migrate = [sys.executable, str(_ROOT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(migrate, check=True, env={**os.environ, "KAURI_DB_ROLE": "owner"})
        yield


def corpus_load(data_dir: Path, n_passages: int) -> dict[str, float]:
    """Empty the tables of the engine and copy the corpus and its vectors into them; return the seconds it took.

    A passage's vector is the mean of its sentences' own, with a little noise: embedding as many passages whole would
    take half an hour and change no figure.
    """
    from apps.rag.embedders import embedder_named
    from apps.rag.models import Index

    embedder = embedder_named("builtin")
    marks = [time.perf_counter()]
    with _owner() as connection:
        tables = "rag_embedding, rag_embeddingcode, rag_indexentry, rag_indexchange, rag_index, rag_vectorfollower"
        connection.execute(f"TRUNCATE {tables}")
        live = Index.objects.create(
            embedder=embedder.name,
            revision=embedder.revision,
            dimension=embedder.dimension,
            analysis_revision=1,
            state="live",
        )
        made = list(passages_make(data_dir, n_passages))
        vectors = _sentence_vectors(made, embedder)
        register_vector(connection)
        with connection.transaction(), connection.cursor() as cursor:
            _copy(cursor, f"rag_indexentry ({', '.join(_ENTRY_COLUMNS)})", _ENTRY_TYPES, _entries(made))
            columns = "rag_embedding (index_id, entry_id, vector, sentence_vectors)"
            _copy(cursor, columns, ("int8", "int8", "halfvec", "bytea"), _embeddings(made, vectors, live.pk))
        connection.execute("SELECT setval('rag_indexentry_id_seq', %s)", (n_passages,))
        # an empty log would begin with the first document that comes, and the full text with it
        connection.execute("INSERT INTO rag_indexchange (entry_id, operation, created_at) VALUES (1, 'put', now())")
        marks.append(time.perf_counter())
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SELECT rag_hnsw_create(%s, %s)", (live.pk, live.dimension))
        marks.append(time.perf_counter())
        for table in ("rag_indexentry", "rag_embedding", "rag_embeddingcode"):
            connection.execute(f"VACUUM ANALYZE {table}")
    return {"rows": marks[1] - marks[0], "hnsw": marks[2] - marks[1]}


def _owner() -> psycopg.Connection[tuple[object, ...]]:
    from django.conf import settings

    from kauri import env

    url = env.services(settings.KAURI_VAR_DIR)["database_owner_url"]
    return psycopg.connect(url, autocommit=True)


def _copy(
    cursor: psycopg.Cursor[tuple[object, ...]], into: str, types: Sequence[str], rows: Iterator[tuple[object, ...]]
) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _sentence_vectors(made: Sequence[MadePassage], embedder: Embedder) -> dict[str, Vectors]:
    from apps.rag.embedders.cached import embed_cached

    distinct = sorted({sentence for passage in made for sentence in passage.sentences})
    found: dict[str, Vectors] = {}
    for at in range(0, len(distinct), _BATCH):
        batch = distinct[at : at + _BATCH]
        found.update(zip(batch, embed_cached(embedder, batch, ttl_s=30 * 86_400, batch=32), strict=True))
        print(f"\r{len(found)} of {len(distinct)} sentences embedded", end="", flush=True)
    print()
    return found


def _entries(made: Sequence[MadePassage]) -> Iterator[tuple[object, ...]]:
    for number, (passage, place) in enumerate(zip(made, places(len(made)), strict=True), start=1):
        document = uuid.uuid5(SPACE, passage.title)
        yield (
            number, uuid.uuid5(SPACE, passage.passage_id), document, document, place.namespace, place.organisation,
            None, "law", "CGI", passage.title, passage.passage_id, [passage.title], number, None, 0,
            len(passage.text), DateRange(*place.period), "", passage.text, [f"made:{passage.passage_id}"],
            f"{passage.title}\n{passage.text}", "live",
        )  # fmt: skip


def _embeddings(
    made: Sequence[MadePassage], vectors: dict[str, Vectors], index_id: int
) -> Iterator[tuple[object, ...]]:
    noise = np.random.default_rng(SEED)
    for number, passage in enumerate(made, start=1):
        rows = np.stack([vectors[sentence] for sentence in passage.sentences])
        mean = rows.mean(axis=0)
        mean += noise.normal(scale=_NOISE / np.sqrt(mean.size), size=mean.size)
        mean /= np.linalg.norm(mean)
        yield index_id, number, HalfVector(mean), rows.astype(np.float16).tobytes()
