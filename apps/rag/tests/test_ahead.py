"""Passages are read before anybody asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.retrieval import ahead
from apps.rag.retrieval.ahead import ReadingAhead
from apps.rag.retrieval.fit import text_read
from apps.rag.tests.entries import article, scope
from apps.rag.types import NewEntry, Question
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

ENTRIES = (
    article("311", "Le capital social de la SARL est d'un million de francs.", heading_path=("SARL", "Capital")),
    article("312", "Les parts sociales sont réparties par les statuts.", heading_path=("SARL", "Parts")),
)


@pytest.fixture(autouse=True)
def _nothing_read() -> None:
    text_read.cache_clear()


def publish(*entries: NewEntry) -> None:
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)


async def test_a_question_meets_no_passage_for_the_first_time(tmp_path: Path) -> None:
    await run_db(publish, *ENTRIES)
    await run_db(ReadingAhead().step)
    n_read = text_read.cache_info().misses
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    found = await engine.search(Question("capital social de la SARL", scope()))
    assert found.passages
    assert text_read.cache_info().misses == n_read


def test_only_what_is_new_is_read_again() -> None:
    publish(ENTRIES[0])
    reading = ReadingAhead()
    reading.step()
    text_read.cache_clear()
    publish(ENTRIES[1])
    reading.step()
    assert text_read.cache_info().misses == 2


def test_a_large_corpus_is_read_from_its_newest_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "MAX_PASSAGES", 1)
    publish(*ENTRIES)
    ReadingAhead().step()
    assert text_read.cache_info().misses == 2
    text_read(ENTRIES[1].text)
    assert text_read.cache_info().misses == 2
