"""What the legs ask of the full text."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from apps.rag.retrieval import legs


@dataclass(frozen=True, slots=True)
class CountedReader:
    """A full text of so many passages, in which the longer a 4-gram's number the more hold it."""

    n_documents: int

    def document_frequencies(self, terms: list[str], field: str) -> dict[str, int]:
        assert field == "grams"
        return {term: int(term) for term in terms}


@pytest.mark.parametrize(("n_documents", "n_grams", "n_asked"), [(29_999, 90, 90), (30_000, 90, 40), (30_000, 9, 9)])
def test_of_a_large_corpus_only_the_rarest_4_grams_are_asked(n_documents: int, n_grams: int, n_asked: int) -> None:
    grams = {str(n): float(n) for n in reversed(range(n_grams))}
    asked = legs._telling(grams, CountedReader(n_documents))  # type: ignore[arg-type]  # a counting stand-in
    assert asked == {str(n): float(n) for n in range(n_asked)}
