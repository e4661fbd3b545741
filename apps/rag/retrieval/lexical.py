"""BM25 over words and over character 4-grams, by tantivy, filtered by the scope inside the engine.

The folder holds ids and postings, no text. Texts are analysed by us and stored as terms joined by spaces, which
tantivy's whitespace tokenizer cuts again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import tantivy
from tantivy import Occur, Query

from apps.rag import analysis
from apps.rag.retrieval.access import Access, access, divided, read
from apps.rag.retrieval.integrity import panics_named, require_whole
from apps.rag.types import Hit, Ranking, Scope

# Raise it whenever the fields below change: a folder of another revision is rebuilt.
SCHEMA_REVISION = 3

_MANY_TERMS = 32  # from here on one set of terms is faster than a union of their lists
_MAX_SCOPES = 256


@dataclass(frozen=True, slots=True)
class LexicalEntry:
    """What the full text needs of an entry."""

    entry_id: int
    search_text: str
    headings: str
    namespace: str
    organisation: str | None
    country: str | None
    start: date | None
    end: date | None


def schema() -> tantivy.Schema:
    """Build the schema of the folder."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("entry_id", indexed=True, fast=True)
    for field in ("words", "headings", "grams"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("access", tokenizer_name="raw", index_option="basic")
    return builder.build()


SCHEMA = schema()


def document(entry: LexicalEntry) -> tantivy.Document:
    """Analyse an entry into what the folder keeps of it."""
    made = tantivy.Document()
    made.add_unsigned("entry_id", entry.entry_id)
    made.add_text("words", " ".join(analysis.terms(entry.search_text)))
    made.add_text("headings", " ".join(analysis.terms(entry.headings)))
    made.add_text("grams", " ".join(analysis.grams(entry.search_text)))
    held = access(entry.namespace, entry.organisation, entry.country, entry.start, entry.end)
    made.add_text("access", held.term)
    return made


@dataclass(frozen=True, slots=True)
class _View:
    """One commit, who may read what in it, and the filters of the scopes that asked."""

    searcher: tantivy.Searcher
    known: tuple[Access, ...]
    filters: dict[Scope, tuple[tuple[Occur, Query], ...]]


class LexicalReader:
    """A read-only view of one folder. Safe between threads; `reload` shows what the writer committed."""

    def __init__(self, folder: Path) -> None:
        """Open a folder. Raises ValueError where it is damaged."""
        require_whole(folder)
        with panics_named():
            self._index = tantivy.Index(SCHEMA, path=str(folder))
            self._index.config_reader(reload_policy="manual")
            self._view = self._opened()

    def _opened(self) -> _View:
        self._index.reload()
        searcher = self._index.searcher()
        known = tuple(read(term) for term, _ in searcher.terms_with_prefix("access", ""))
        return _View(searcher, known, {})

    def reload(self) -> None:
        """Show the writer's last commit. Raises ValueError where it is damaged."""
        with panics_named():
            self._view = self._opened()

    @property
    def n_documents(self) -> int:
        """Count the documents that can be found."""
        return self._view.searcher.num_docs

    def document_frequencies(self, terms: Iterable[str], field: str = "words") -> dict[str, int]:
        """Count for each term (or 4-gram, in the field `grams`) the passages that hold it, of any scope."""
        searcher = self._view.searcher
        with panics_named():
            return {term: searcher.doc_freq(field, term) for term in terms}

    def rank_words(self, weights: Mapping[str, float], heading_boost: float, scope: Scope, k: int) -> Ranking:
        """Return the k best entries of the scope for weighted terms; headings count again, by `heading_boost`."""
        fields = {"words": 1.0, "headings": heading_boost} if heading_boost else {"words": 1.0}
        return self._rank("bm25", fields, weights, scope, k)

    def rank_grams(self, weights: Mapping[str, float], scope: Scope, k: int) -> Ranking:
        """Return the k best entries of the scope for weighted 4-grams."""
        return self._rank("gram", {"grams": 1.0}, weights, scope, k)

    def _rank(
        self, leg: str, fields: Mapping[str, float], weights: Mapping[str, float], scope: Scope, k: int
    ) -> Ranking:
        started = time.perf_counter()
        hits: list[Hit] = []
        if weights and scope.namespaces:
            view = self._view
            # the scope first: in a segment that holds nothing of it the lists of the terms are not even opened
            query = Query.boolean_query([*_limits(view, scope), (Occur.Must, _any_of(fields, weights))])
            hits = _search(view.searcher, query, k)
        return Ranking(leg, tuple(hits), (time.perf_counter() - started) * 1e3)


def _search(searcher: tantivy.Searcher, query: Query, k: int) -> list[Hit]:
    with panics_named():
        found = searcher.search(query, limit=k, count=False).hits
        ids = searcher.fast_field_values("entry_id", [address for _, address in found])
    hits = [Hit(int(entry_id or 0), float(score)) for entry_id, (score, _) in zip(ids, found, strict=True)]
    return sorted(hits, key=lambda hit: (-hit.score, hit.entry_id))


def _limits(view: _View, scope: Scope) -> tuple[tuple[Occur, Query], ...]:
    """Return what keeps a search within a scope: whichever is shorter to say, what is in it or what is not."""
    limits = view.filters.get(scope)
    if limits is None:
        if len(view.filters) >= _MAX_SCOPES:
            view.filters.clear()
        limits = view.filters[scope] = _limits_of(view, scope)
    return limits


def _limits_of(view: _View, scope: Scope) -> tuple[tuple[Occur, Query], ...]:
    admitted, others = divided(view.known, scope)
    if not others:
        return ()
    n_admitted = sum(view.searcher.doc_freq("access", each.term) for each in admitted)
    if 2 * n_admitted > view.searcher.num_docs:
        return ((Occur.MustNot, _held([each.term for each in others])),)
    # a filter must admit and not score, or a rare namespace would rank above the words
    return ((Occur.Must, Query.const_score_query(_held([each.term for each in admitted]), 0.0)),)


def word_weights(text: str, extra: Mapping[str, float], max_terms: int) -> dict[str, float]:
    """Weigh a question's terms by how often it says them; `extra` adds terms that it does not say."""
    weights = {term: float(n) for term, n in Counter(analysis.terms(text)).items()}
    for term, weight in extra.items():
        weights.setdefault(term, weight)
    return dict(list(weights.items())[:max_terms])


def gram_weights(text: str, max_terms: int) -> dict[str, float]:
    """Weigh a question's character 4-grams by how often it holds them."""
    return {gram: float(n) for gram, n in Counter(analysis.grams(text)[: max_terms * 4]).items()}


def _any_of(fields: Mapping[str, float], weights: Mapping[str, float]) -> Query:
    return Query.boolean_query(
        [
            (
                Occur.Should,
                Query.boost_query(Query.term_query(SCHEMA, field, term, index_option="freq"), weight * boost),
            )
            for field, boost in fields.items()
            for term, weight in weights.items()
        ]
    )


def _held(terms: Sequence[str]) -> Query:
    if len(terms) > _MANY_TERMS:
        return Query.term_set_query(SCHEMA, "access", list(terms))
    queries = [(Occur.Should, Query.term_query(SCHEMA, "access", term, index_option="basic")) for term in terms]
    return Query.boolean_query(queries)
