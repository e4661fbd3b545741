"""Another model: refused where it would search foreign vectors, and changed to beside the one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid5

import numpy as np
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.rag import indexer, reembedding
from apps.rag.build import boot_fault
from apps.rag.embedders import embedder_named
from apps.rag.embedders.builtin import BuiltinEmbedder
from apps.rag.embedding import index_ensure, index_fault
from apps.rag.errors import IndexMismatch
from apps.rag.models import Embedding, Index, IndexEntry
from apps.rag.ports import Vectors
from apps.rag.reembedding import ReembeddingBusy, index_remake, is_made, retired_drop
from apps.rag.stores import postgres
from apps.rag.tests.entries import SPACE, article

pytestmark = pytest.mark.django_db(transaction=True)

ONE = uuid5(SPACE, "one")
ROOT = Path(__file__).resolve().parents[3]


class OtherEmbedder:
    """Another model of another dimension; `at` is called before each batch."""

    name, revision, dimension = "other", "7", 16

    def __init__(self) -> None:
        self.n_texts = 0
        self.at: Any = None

    def embed(self, texts: Any) -> Vectors:
        if self.at:
            self.at()
        self.n_texts += len(texts)
        rows = np.stack([np.random.default_rng(len(text)).normal(size=16) for text in texts])
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit


@pytest.fixture(autouse=True)
def _builtin(settings: Any) -> None:
    settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "builtin", ""
    # each test computes for itself
    settings.CACHES = {**settings.CACHES, "vectors": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def published(n_entries: int, version: str = "one") -> None:
    """Publish articles with their vectors."""
    made = tuple(
        article(f"{version} {n}", f"Le gérant numéro {n} est nommé.", version=version) for n in range(n_entries)
    )
    indexer.entries_stage(made)
    indexer.entries_embed(made[0].version_id)
    indexer.version_publish(made[0].version_id)


def states() -> list[tuple[str, str, int]]:
    """Return each index with its state and its number of vectors."""
    return [(each.embedder, each.state, each.embeddings.count()) for each in Index.objects.order_by("pk")]


def test_an_index_remembers_which_weights_made_it() -> None:
    published(1)
    live = Index.objects.get()
    assert (live.embedder, live.revision, live.dimension) == ("use-multilingual-3", BuiltinEmbedder.revision, 512)
    assert boot_fault() == ""


@pytest.mark.parametrize("change", [{"embedder": "before"}, {"revision": "0"}, {"dimension": 256}])
def test_vectors_of_another_model_stop_the_boot_in_one_sentence(change: dict[str, Any]) -> None:
    published(1)
    Index.objects.update(**change)
    fault = boot_fault()
    assert "use-multilingual-3" in fault
    assert "rag_reembed --model builtin" in fault
    assert "\n" not in fault
    with pytest.raises(IndexMismatch, match="rag_reembed"):
        index_ensure(embedder_named("builtin"))


def test_an_empty_knowledge_base_takes_any_model() -> None:
    Index.objects.create(embedder="before", dimension=8, analysis_revision=1, state=Index.State.LIVE)
    assert boot_fault() == ""
    published(1)
    assert states() == [("before", "retired", 0), ("use-multilingual-3", "live", 1)]


def test_no_embedder_is_no_mismatch(settings: Any) -> None:
    published(1)
    settings.KAURI_EMBEDDER = "none"
    assert boot_fault() == ""
    assert index_fault(embedder_named("none"), "none") == ""


def test_the_switch_keeps_the_index_before_until_it_is_dropped() -> None:
    published(3)
    other = OtherEmbedder()
    assert not is_made(other)
    index_remake(other)
    assert is_made(other)
    assert states() == [("use-multilingual-3", "retired", 3), ("other", "live", 3)]
    assert postgres.vector_index("other", "7", 16) is not None
    assert postgres.vector_index("use-multilingual-3", BuiltinEmbedder.revision, 512) is None
    assert retired_drop() == 1
    assert states() == [("other", "live", 3)]


def test_answers_go_on_from_the_index_before_until_the_switch() -> None:
    published(3)
    other = OtherEmbedder()
    seen: list[object] = []
    other.at = lambda: seen.append(postgres.vector_index("use-multilingual-3", BuiltinEmbedder.revision, 512))
    index_remake(other)
    assert seen
    assert None not in seen


def test_a_document_that_comes_meanwhile_is_not_lost() -> None:
    published(3)
    other = OtherEmbedder()

    def publish_once() -> None:
        other.at = None
        published(2, "later")

    other.at = publish_once
    index_remake(other)
    assert states() == [("use-multilingual-3", "retired", 5), ("other", "live", 5)]


def test_an_interrupted_run_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    published(25)
    other, calls = OtherEmbedder(), []

    def stop_in_the_middle() -> None:
        calls.append(1)
        if Embedding.objects.filter(index__embedder="other").count() >= 20:
            raise KeyboardInterrupt

    other.at = stop_in_the_middle
    with pytest.raises(KeyboardInterrupt):
        index_remake(other)
    assert states()[-1] == ("other", "building", 20)
    other.at, before = None, other.n_texts
    index_remake(other)
    assert states() == [("use-multilingual-3", "retired", 25), ("other", "live", 25)]
    # five passages and the one sentence of each
    assert other.n_texts - before == 10


def test_two_at_once_are_one_too_many() -> None:
    told = connection.settings_dict
    address = {"host": told["HOST"], "port": told["PORT"] or None, "dbname": told["NAME"], "user": told["USER"]}
    with psycopg.connect(**address, autocommit=True) as another:
        another.execute("SELECT pg_advisory_lock(%s)", (reembedding._LOCK,))
        with pytest.raises(ReembeddingBusy):
            index_remake(OtherEmbedder())
        with pytest.raises(CommandError, match=r"(?i)process"):
            call_command("rag_rebuild", "--embeddings", stdout=StringIO())
    index_remake(OtherEmbedder())


def test_the_command_says_what_to_set(settings: Any) -> None:
    published(2)
    Index.objects.update(embedder="before")
    out = StringIO()
    call_command("rag_reembed", "--model", "builtin", stdout=out)
    assert states() == [("before", "retired", 2), ("use-multilingual-3", "live", 2)]
    assert boot_fault() == ""
    call_command("rag_reembed", "--drop-retired", stdout=out)
    assert states() == [("use-multilingual-3", "live", 2)]


def test_the_command_refuses_what_makes_no_vectors() -> None:
    with pytest.raises(CommandError, match="none"):
        call_command("rag_reembed", "--model", "none", stdout=StringIO())


def test_a_killed_process_leaves_its_place_and_what_it_computed() -> None:
    published(120)
    IndexEntry.objects.update(search_text="autre texte que personne n'a vu")
    Index.objects.update(embedder="before")
    told = connection.settings_dict
    url = f"postgresql://{told['USER']}@/{told['NAME']}?host={told['HOST']}&port={told['PORT']}"
    command = [sys.executable, str(ROOT / "manage.py"), "rag_reembed", "--model", "builtin"]
    environment = {**os.environ, "DATABASE_URL": url, "REDIS_CACHE_URL": "redis://127.0.0.1:1/0"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        begun = Embedding.objects.filter(index__state=Index.State.BUILDING)
        deadline = time.monotonic() + 60
        while begun.count() < 20 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    finally:
        process.wait(10)
    n_computed = begun.count()
    assert 20 <= n_computed < 120
    assert states()[0] == ("before", "live", 120)
    before = set(begun.values_list("pk", flat=True))
    made = index_remake(embedder_named("builtin"))
    assert before <= set(made.embeddings.values_list("pk", flat=True))
    assert states() == [("before", "retired", 120), ("use-multilingual-3", "live", 120)]
