"""The operator's commands over real stores."""

from __future__ import annotations

import asyncio
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from apps.rag import indexer
from apps.rag.management.commands import rag_search
from apps.rag.models import Embedding, Index
from apps.rag.retrieval.folder import LexicalFolder, WriterLock
from apps.rag.stores.postgres import namespaces_indexed
from apps.rag.tests.entries import account, article
from apps.rag.types import Question, Scope
from kauri.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _stores(settings: Any, tmp_path: Path) -> None:
    settings.KAURI_INDEX_DIR = tmp_path
    settings.KAURI_EMBEDDER = "none"
    entries = (article("311", "Le capital social doit être d'un million de francs."), account("401", "FOURNISSEURS"))
    indexer.entries_stage(entries)
    for entry in entries:
        indexer.version_publish(entry.version_id)


def said(*arguments: str) -> str:
    """Run a command and return what it prints."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_search_tells_every_leg_and_its_time_as_json() -> None:
    result = json.loads(said("rag_search", "capital social de la société", "--json"))
    assert result["passages"][0]["passage"]["locator"] == "AUSCGIE art. 311"
    assert {ranking["leg"] for ranking in result["rankings"]} >= {"bm25", "gram", "fused"}
    assert {"legs", "hydrate", "rank", "total"} <= {stage for stage, _ in result["timings_ms"]}


def test_search_shows_a_table() -> None:
    shown = said("rag_search", "compte 401")
    head, row = [line for line in shown[shown.index("Fused") :].splitlines() if line.strip("─ ")][1:3]
    assert head.index("reference") < head.index("score")
    assert "exact" in row
    assert "Compte 401" in shown
    assert "hydrate" in shown


@pytest.mark.parametrize("width", [60, 80, 120, 140, 200])
def test_search_names_every_passage_at_any_width(width: int) -> None:
    asked = Question("compte 401", Scope(namespaces_indexed(), (), clock.today()))
    out = StringIO()
    rag_search.show(Console(file=out, width=width), asyncio.run(rag_search.searched(asked)))
    shown = out.getvalue()
    fused = shown[shown.index("Fused") : shown.index("Legs")]
    assert "Compte 401" in fused
    assert "…" not in fused.splitlines()[2]
    assert all(f" {leg} " in shown for leg in ("reference", "bm25", "gram", "fused"))


def test_search_looks_only_where_it_is_told() -> None:
    with pytest.raises(CommandError, match="Nothing is indexed under doctrine; there is references"):
        said("rag_search", "compte 401", "--namespace", "doctrine")
    for namespace, n_found in (("references", 0), ("syscohada_revise", 1)):
        result = json.loads(said("rag_search", "compte 401", "--json", "--namespace", namespace))
        assert len(result["passages"]) == n_found


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["  "], "1 à 4000|1 to 4000"),
        (["a" * 4_001], "1 à 4000|1 to 4000"),
        (["compte 401", "--country", "ZZ"], "invalid choice: 'ZZ'"),
        (["compte 401", "--as-of", "demain"], "demain"),
    ],
)
def test_search_says_what_it_cannot_take(arguments: list[str], fault: str) -> None:
    with pytest.raises(CommandError, match=fault):
        said("rag_search", *arguments)


def test_rebuild_writes_the_full_text_anew(tmp_path: Path) -> None:
    assert "Full text rebuilt" in said("rag_rebuild")
    state = LexicalFolder(tmp_path).state()
    assert state is not None
    assert state.seq > 0


def test_rebuild_leaves_word_where_another_process_writes(tmp_path: Path) -> None:
    folder = LexicalFolder(tmp_path)
    with WriterLock(folder):
        assert "running process" in said("rag_rebuild")
    assert folder.is_rebuild_asked()


def test_rebuild_computes_vectors_into_a_new_index(settings: Any) -> None:
    settings.KAURI_EMBEDDER = "builtin"
    said("rag_rebuild", "--embeddings")
    before = Index.objects.get()
    said("rag_rebuild", "--embeddings")
    after = Index.objects.get()
    assert (after.state, Embedding.objects.filter(index=after).count()) == ("live", 2)
    assert after.pk != before.pk
