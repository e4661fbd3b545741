"""What is left out of a result: repetitions, and more of one guide than one answer needs."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from apps.rag.retrieval.diversify import Limits, distinct
from apps.rag.tests.passages import passage
from apps.rag.types import Passage

LIMITS = Limits(overlap=0.9, per_locator=3, per_document=2)
WORDS = ["zebre", "ane", "boeuf", "chat", "chien", "loup", "ours", "lynx", "cerf", "daim"]


def texts(n: int) -> list[str]:
    """Return texts that share no word."""
    return [" ".join(f"{word}{number}" for word in WORDS) for number in range(n)]


def of_kind(kind: str, n: int = 5) -> list[Passage]:
    """Return passages of one document, each under a locator of its own."""
    return [
        replace(passage(f"X art. {place}", text), kind=kind, document_id=UUID(int=7), version_id=UUID(int=8))
        for place, text in enumerate(texts(n))
    ]


def test_all_articles_of_one_law_may_stay() -> None:
    assert len(distinct(of_kind("law"), k=10, limits=LIMITS)) == 5


def test_a_guide_does_not_crowd_out_the_others() -> None:
    assert [each.locator for each in distinct(of_kind("guide"), k=10, limits=LIMITS)] == ["X art. 0", "X art. 1"]


def test_one_article_has_so_many_passages_at_most() -> None:
    pieces = [replace(each, locator="X art. 1") for each in of_kind("law")]
    assert len(distinct(pieces, k=10, limits=LIMITS)) == 3


def test_near_duplicates_are_one_unless_nothing_is_merged() -> None:
    text = " ".join(f"mot{n}" for n in range(40))
    twins = [passage("X art. 1", text), passage("X art. 2", f"{text} encore")]
    assert len(distinct(twins, k=10, limits=LIMITS)) == 1
    assert len(distinct(twins, k=10, limits=replace(LIMITS, overlap=2.0))) == 2


def test_it_stops_at_k() -> None:
    assert len(distinct(of_kind("law"), k=2, limits=LIMITS)) == 2
