"""The verbs by which knowledge makes versions searchable."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from uuid import uuid5

import pytest
from django.db import connections, transaction

from apps.rag import indexer
from apps.rag.models import Embedding, Index, IndexChange, IndexEntry, NamespaceRevision
from apps.rag.retrieval.sentences import sentences
from apps.rag.tests.entries import SPACE, article
from apps.rag.types import InForce

pytestmark = pytest.mark.django_db

ONE = uuid5(SPACE, "one")


def changes() -> list[tuple[int, str]]:
    """Return the change log."""
    return list(IndexChange.objects.order_by("seq").values_list("entry_id", "operation"))


def test_staging_twice_makes_one_entry_that_is_not_searchable() -> None:
    first = indexer.entries_stage((article("1", "texte"), article("2", "texte")))
    second = indexer.entries_stage((article("1", "texte"), article("2", "autre")))
    assert first == second
    assert indexer.entries_count(ONE) == 2
    assert set(IndexEntry.objects.values_list("state", flat=True)) == {"staged"}
    assert changes() == []


def test_publishing_and_withdrawing_are_logged_once() -> None:
    (entry_id,) = indexer.entries_stage((article("1", "texte"),))
    assert (indexer.version_publish(ONE), indexer.version_publish(ONE)) == (1, 0)
    assert (indexer.version_withdraw(ONE), indexer.version_withdraw(ONE)) == (1, 0)
    assert changes() == [(entry_id, "put"), (entry_id, "delete")]


def test_a_reworded_live_entry_is_logged_again() -> None:
    (entry_id,) = indexer.entries_stage((article("1", "texte"),))
    indexer.version_publish(ONE)
    indexer.entries_stage((article("1", "mots"),))
    assert changes() == [(entry_id, "put"), (entry_id, "put")]


def revisions() -> dict[str, int]:
    """Return when what each namespace's readers find last changed."""
    return dict(NamespaceRevision.objects.values_list("namespace", "revision"))


def test_both_namespaces_hear_of_a_live_entry_that_moves() -> None:
    here = article("1", "texte")
    indexer.entries_stage((here, article("2", "texte", namespace="doctrine", version="two")))
    indexer.version_publish(ONE)
    before = revisions()
    indexer.entries_stage((here,))
    stayed = revisions()
    assert stayed["references"] > before["references"]
    indexer.entries_stage((replace(here, namespace="doctrine"),))
    assert set(before) == {"references"}
    assert revisions()["references"] > stayed["references"]
    assert revisions()["doctrine"] > 0


def test_a_limit_shortens_the_period_and_withdraws_what_comes_later() -> None:
    early, late = InForce(date(2010, 1, 1), None), InForce(date(2020, 1, 1), None)
    ended = InForce(date(2010, 1, 1), date(2012, 1, 1))
    indexer.entries_stage(
        (article("1", "a", in_force=early), article("2", "b", in_force=late), article("3", "c", in_force=ended))
    )
    indexer.version_publish(ONE)
    indexer.version_limit(ONE, date(2018, 1, 1))
    found = {entry.locator[-1]: entry for entry in IndexEntry.objects.all()}
    assert (found["1"].in_force.upper, found["1"].state) == (date(2018, 1, 1), "live")
    assert found["2"].state == "withdrawn"
    assert found["3"].in_force.upper == date(2012, 1, 1)


def test_discarding_removes_only_what_was_never_published() -> None:
    indexer.entries_stage((article("1", "texte"),))
    indexer.version_publish(ONE)
    indexer.entries_stage((article("2", "texte"),))
    assert indexer.version_discard(ONE) == 1
    assert indexer.entries_count(ONE) == 1


def test_embedding_goes_on_where_it_stopped(settings: object) -> None:
    settings.KAURI_EMBEDDER = "builtin"  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    entries = tuple(
        article(str(number), f"Le gérant numéro {number} est nommé par les associés.") for number in range(12)
    )
    indexer.entries_stage(entries[:3])
    assert indexer.entries_embed(ONE) == 3
    indexer.entries_stage(entries)
    told: list[tuple[int, int]] = []
    assert indexer.entries_embed(ONE, progress=lambda done, total: told.append((done, total))) == 9
    assert told == [(9, 9)]
    assert indexer.entries_embed(ONE) == 0
    assert (Index.objects.get().state, Embedding.objects.count()) == ("live", 12)
    assert len(Embedding.objects.all()[0].sentence_vectors) == 512 * 2


def test_reworded_entries_lose_their_vectors(settings: object) -> None:
    settings.KAURI_EMBEDDER = "builtin"  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    first = article("1", "Le gérant est nommé.")
    indexer.entries_stage((first,))
    indexer.entries_embed(ONE)
    indexer.entries_stage((first,))
    assert Embedding.objects.count() == 1
    indexer.entries_stage((replace(first, search_text="autres mots"),))
    assert Embedding.objects.count() == 0


def test_without_an_embedder_there_are_no_vectors(settings: object) -> None:
    settings.KAURI_EMBEDDER = "none"  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    indexer.entries_stage((article("1", "texte"),))
    assert indexer.entries_embed(ONE) == 0
    assert not Index.objects.exists()


def test_what_came_without_an_embedder_gets_its_vectors_later(settings: object) -> None:
    settings.KAURI_EMBEDDER = "none"  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    indexer.entries_stage(tuple(article(str(number), f"Le gérant numéro {number}.") for number in range(3)))
    indexer.version_publish(ONE)
    indexer.entries_stage((article("9", "pas encore publié", version="staged"),))
    assert indexer.vectors_fill(2) == 0
    settings.KAURI_EMBEDDER = "builtin"  # type: ignore[attr-defined]  # as above
    assert [indexer.vectors_fill(2) for _ in range(3)] == [2, 1, 0]
    assert set(Embedding.objects.values_list("entry__state", flat=True)) == {"live"}


def test_sentences_are_not_cut_at_abbreviations_and_figures() -> None:
    text = "Le capital est d'un million (1.000.000) de francs, art. 3 de la loi. Il est divisé en parts égales."
    assert len(sentences(text)) == 2


@pytest.mark.django_db(transaction=True)
def test_the_order_of_the_log_is_the_order_of_commits() -> None:
    first, second = article("1", "a"), article("2", "b", version="two")
    ids = indexer.entries_stage((first, second))
    done = threading.Event()

    def publish_second() -> None:
        indexer.version_publish(second.version_id)
        done.set()
        connections.close_all()

    thread = threading.Thread(target=publish_second)
    with transaction.atomic():
        indexer.version_publish(first.version_id)
        thread.start()
        assert not done.wait(0.3)  # the log is ours until we commit
    thread.join(10)
    assert changes() == [(ids[0], "put"), (ids[1], "put")]
