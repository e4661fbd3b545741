"""A full text that was damaged, removed or left behind comes back by itself."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.config import RagConfig
from apps.rag.engine import Engine
from apps.rag.models import IndexChange, IndexEntry
from apps.rag.retrieval import folder as folders
from apps.rag.retrieval import follower as followers
from apps.rag.retrieval.folder import LexicalFolder, WriterLock
from apps.rag.retrieval.follower import Follower, catch_up
from apps.rag.retrieval.integrity import require_whole
from apps.rag.retrieval.lexical import LexicalReader
from apps.rag.tests.entries import article, scope
from apps.rag.types import NewEntry, Question
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

ARTICLE = article("121", "À l'égard des tiers, les organes de gestion ont tout pouvoir pour engager la société.")
LATER = article("311", "Le capital social doit être d'un million de francs CFA au moins.", version="later")


def publish(*entries: NewEntry) -> None:
    """Stage and publish entries."""
    indexer.entries_stage(entries)
    for each in entries:
        indexer.version_publish(each.version_id)


@pytest.fixture
def folder(tmp_path: Path) -> LexicalFolder:
    """Return a folder that holds the article."""
    publish(ARTICLE)
    made = LexicalFolder(tmp_path)
    catch_up(made, RagConfig())
    return made


def generation_of(folder: LexicalFolder) -> Path:
    """Return the path of the current generation."""
    state = folder.state()
    assert state is not None
    return folder.generation_path(state.generation)


def cut_segments(folder: LexicalFolder) -> None:
    for path in generation_of(folder).glob("*.idx"):
        path.write_bytes(path.read_bytes()[:10])


def garble_meta(folder: LexicalFolder) -> None:
    (generation_of(folder) / "meta.json").write_text("{", encoding="utf-8")


def empty_generation(folder: LexicalFolder) -> None:
    for path in generation_of(folder).iterdir():
        path.unlink()


def remove_all(folder: LexicalFolder) -> None:
    shutil.rmtree(folder.base)


def flip_a_bit(folder: LexicalFolder, kind: str) -> None:
    """Change one bit in the middle of the files of a kind: most of these folders tantivy opens all the same."""
    for path in generation_of(folder).glob(f"*.{kind}"):
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 3] ^= 1
        path.write_bytes(raw)


def flip_in_terms(folder: LexicalFolder) -> None:
    flip_a_bit(folder, "term")


def flip_in_lengths(folder: LexicalFolder) -> None:
    flip_a_bit(folder, "fieldnorm")


DAMAGES = [cut_segments, garble_meta, empty_generation, remove_all, flip_in_terms, flip_in_lengths]


async def found(engine: Engine, text: str) -> list[str]:
    """Return the locators that the words of a question find."""
    result = await engine.search(Question(text, scope()))
    assert result.degraded == ("lexical_only",)
    return [each.passage.locator for each in result.passages]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_start_over_a_damaged_folder_writes_another(
    folder: LexicalFolder, tmp_path: Path, damage: Callable[[LexicalFolder], None]
) -> None:
    damage(folder)
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    assert (await found(engine, "engager la société à l'égard des tiers"))[0] == "AUSCGIE art. 121"


@pytest.mark.parametrize("damage", [flip_in_terms, flip_in_lengths])
async def test_a_bit_that_tantivy_does_not_notice_is_noticed_at_the_start(
    folder: LexicalFolder, tmp_path: Path, damage: Callable[[LexicalFolder], None]
) -> None:
    before = generation_of(folder)
    damage(folder)
    await build_engine(index_dir=tmp_path, embedder="none").warm()
    assert generation_of(folder) != before
    require_whole(generation_of(folder))


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_follower_over_a_damaged_folder_writes_another(
    folder: LexicalFolder, tmp_path: Path, damage: Callable[[LexicalFolder], None]
) -> None:
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    follower = Follower(folder, RagConfig(), engine._legs.reopen)
    damage(folder)
    await run_db(publish, LATER)
    for _ in range(3):
        await run_db(follower.step)
    follower.stop()
    assert (await found(engine, "capital social d'un million"))[0] == "AUSCGIE art. 311"
    assert (await found(engine, "engager la société à l'égard des tiers"))[0] == "AUSCGIE art. 121"


def test_a_database_restored_from_a_backup_is_not_taken_for_the_one_before(folder: LexicalFolder) -> None:
    publish(LATER)
    lost = catch_up(folder, RagConfig())
    IndexChange.objects.filter(seq=lost.seq).delete()
    IndexEntry.objects.filter(version_id=LATER.version_id).delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('rag_indexchange', 'seq'), %s, false)", [lost.seq])
    # what comes after the restoring has the numbers of what was lost, and goes beyond them
    for number in ("7", "8"):
        publish(article(number, f"Les statuts disent le siège numéro {number}.", version=number))
    state = catch_up(folder, RagConfig())
    assert (state.seq, state.generation) == (lost.seq + 1, lost.generation + 1)
    hits = LexicalReader(folder.generation_path(state.generation)).rank_words({"sieg": 1.0}, 0.0, scope(), 10).hits
    assert len(hits) == 2


def test_what_could_not_be_shown_is_shown_at_the_next_step(folder: LexicalFolder) -> None:
    shown: list[int] = []

    def fail_once() -> None:
        shown.append(1)
        if len(shown) == 1:
            raise OSError(5, "not now")

    follower = Follower(folder, RagConfig(), fail_once)
    publish(LATER)
    with pytest.raises(OSError, match="not now"):
        follower.step()
    follower.step()
    follower.step()
    follower.stop()
    assert len(shown) == 2


def test_a_generation_that_cannot_be_written_leaves_nothing_behind(
    folder: LexicalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(folder.base.glob("generation-*"))
    state = folder.state()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "_fill", full)
    with pytest.raises(OSError, match="No space"):
        folders.generation_write(folder, [], seq=9, log_identity="log")
    assert sorted(folder.base.glob("generation-*")) == before
    assert folder.state() == state


def test_the_writers_place_does_not_outlive_its_file(folder: LexicalFolder) -> None:
    first, second = WriterLock(folder), WriterLock(folder)
    assert first.acquire()
    shutil.rmtree(folder.base)
    assert second.acquire()
    assert not first.acquire()
    second.release()
    assert first.acquire()
    first.release()


async def test_a_full_text_that_breaks_while_it_is_open_is_written_anew(
    folder: LexicalFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()

    def break_down(*_: object) -> None:
        raise ValueError("what tantivy raises for anything")

    monkeypatch.setattr(LexicalReader, "rank_words", break_down)
    monkeypatch.setattr(LexicalReader, "document_frequencies", break_down)
    result = await engine.search(Question("à l'égard des tiers", scope()))
    assert "full_text_unavailable" in result.degraded
    assert not folder.is_rebuild_asked()  # nothing is wrong with the files
    flip_in_terms(folder)
    await engine.search(Question("à l'égard des tiers", scope()))
    assert folder.is_rebuild_asked()


@pytest.mark.parametrize("error", [RuntimeError("unforeseen"), OSError(5, "not now")])
def test_a_follower_outlives_whatever_a_round_raises(
    folder: LexicalFolder, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(followers, "_PAUSE_S", 0.01)
    rounds: list[int] = []
    has_gone_on = threading.Event()

    def step(_: Follower) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise error
        has_gone_on.set()

    monkeypatch.setattr(Follower, "step", step)
    follower = Follower(folder, RagConfig(follow_interval_s=0.01), lambda: None)
    follower.start()
    assert has_gone_on.wait(20)
    follower.stop()


def test_what_a_scope_admits_stands_together_in_a_new_full_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "_PAGE", 2)
    places = [("doctrine", None), ("references", None), ("references", UUID(int=1))]
    for number in range(9):
        namespace, organisation = places[number % 3]
        changes = {"namespace": namespace, "organisation_id": organisation, "version": str(number)}
        publish(article(str(number), "Le gérant engage la société.", **changes))
    held = [(each.namespace, each.organisation) for each in followers._live_entries()]
    assert len(held) == 9
    assert len(list(itertools.groupby(held))) == 3


def test_what_is_withdrawn_while_a_full_text_is_written_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "_PAGE", 1)
    publish(ARTICLE, LATER)
    entries = followers._live_entries()
    first = next(entries)
    indexer.version_withdraw(IndexEntry.objects.exclude(pk=first.entry_id).get().version_id)
    assert list(entries) == []


async def test_an_engine_is_warm_once_it_can_search_at_full_speed(folder: LexicalFolder, tmp_path: Path) -> None:
    engine = build_engine(index_dir=tmp_path, embedder="none")
    assert not engine.is_warm
    await engine.warm()
    deadline = time.monotonic() + 5
    while not engine.is_warm and time.monotonic() < deadline:
        time.sleep(0.01)
    assert engine.is_warm
