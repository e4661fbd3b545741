"""Asks an engine the queries of a dataset, and writes down what each leg and the answer brought."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from apps.rag.engine import Engine
from apps.rag.evaluation.corpus import EVER, Corpus
from apps.rag.evaluation.dataset import Query
from apps.rag.evaluation.index import Shelved
from apps.rag.retrieval.ranking import fuse
from apps.rag.types import CitationAdded, Finished, Overrides, Question, Refused, Scope, SearchResult, TextDelta

LEGS = ("bm25", "gram", "lexical", "dense", "fused", "reranked")
DEFAULT_LEGS = ("lexical", "dense", "fused", "reranked")
DEPTH = 100
_LEXICAL = ("bm25", "gram")


@dataclass(frozen=True, slots=True)
class Listed:
    """One leg's ranking as ids of the query's corpus, best first; `n_stray` of its entries are not in force."""

    leg: str
    ids: tuple[str, ...]
    n_stray: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What the answer was: its text, the passages that it cites, and how many of those are not in force."""

    text: str
    is_refused: bool
    cited: frozenset[str]
    n_citations: int
    n_stray: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A query with what came of it. `answer` is None where none was asked for."""

    query: Query
    day: date
    listed: tuple[Listed, ...]
    elapsed_ms: float
    is_answerable: bool
    evidence: float
    degraded: tuple[str, ...]
    answer: Answered | None

    def ranking(self, leg: str) -> tuple[str, ...]:
        """Return a leg's ids, nothing where it did not run."""
        return next((each.ids for each in self.listed if each.leg == leg), ())


@dataclass(frozen=True, slots=True)
class Plan:
    """How a dataset is asked: which legs, whether each query searches all corpora, and on which day by default."""

    legs: tuple[str, ...]
    corpora: tuple[Corpus, ...]
    is_together: bool
    wants_answers: bool
    today: date
    as_of: date | None

    @property
    def overrides(self) -> Overrides:
        """What each search is told: all that is ranked, and no leg that nobody looks at."""
        if set(self.legs) <= {*_LEXICAL, "lexical"}:
            return Overrides(legs=_LEXICAL, n_passages=DEPTH, is_reranked=False)
        return Overrides(n_passages=DEPTH)

    def scope(self, query: Query) -> Scope:
        """Return where and on which day a query searches.

        The day is the query's own, else the plan's, else today, or the first day in force of a corpus that is not in
        force today.
        """
        corpus = next(each for each in self.corpora if each.name == query.corpus)
        day = query.as_of or self.as_of
        if day is None:
            day = self.today if corpus.in_force.contains(self.today) else corpus.in_force.start or self.today
        namespaces = tuple(each.namespace for each in (self.corpora if self.is_together else (corpus,)))
        return Scope(namespaces, (), day)


async def ask(
    engine: Engine, queries: Iterable[Query], shelved: Mapping[int, Shelved], plan: Plan
) -> AsyncIterator[Outcome]:
    """Ask one query after the other and yield what came of each. Raises RetrievalUnavailable."""
    for query in queries:
        question = Question(query.text, plan.scope(query), query.history)
        started = time.perf_counter()
        result = await engine.search(_overridden(question, plan.overrides))
        elapsed_ms = (time.perf_counter() - started) * 1e3
        listed = tuple(_listed(leg, _entries(leg, result, engine), query, question, shelved) for leg in plan.legs)
        # of several corpora together it matters what every answer cites
        wants = plan.wants_answers and (query.expects_answer or plan.is_together)
        answer = await _answered(engine, question, query, shelved) if wants else None
        yield Outcome(
            query=query,
            day=question.scope.as_of,
            listed=listed,
            elapsed_ms=elapsed_ms,
            is_answerable=result.is_answerable,
            evidence=result.evidence,
            degraded=result.degraded,
            answer=answer,
        )


def _overridden(question: Question, overrides: Overrides) -> Question:
    return Question(question.text, question.scope, question.history, question.language, overrides)


def _entries(leg: str, result: SearchResult, engine: Engine) -> Sequence[int]:
    rankings = {ranking.leg: ranking for ranking in result.rankings}
    if leg == "reranked":
        final = [ranked.passage.entry_id for ranked in result.passages]
        if len(final) <= engine.config.n_passages:
            return final
        # what was not read again follows in the order that it had
        return list(dict.fromkeys((*final, *(hit.entry_id for hit in rankings["fused"].hits))))
    if leg == "lexical":
        hits = fuse([rankings[each] for each in _LEXICAL if each in rankings], engine.config)
    else:
        hits = rankings[leg].hits if leg in rankings else ()
    return [hit.entry_id for hit in hits[:DEPTH]]


def _listed(
    leg: str, entries: Sequence[int], query: Query, question: Question, shelved: Mapping[int, Shelved]
) -> Listed:
    found = [shelved[entry_id] for entry_id in entries]
    ids = dict.fromkeys(_named(each, query) for each in found)
    n_stray = sum(1 for each in found if not each.in_force.contains(question.scope.as_of))
    return Listed(leg, tuple(ids)[:DEPTH], n_stray)


def _named(shelved: Shelved, query: Query) -> str:
    """Return an id as the query's judgements know it: another corpus's passage is never relevant."""
    return shelved.gold_id if shelved.corpus == query.corpus else f"{shelved.corpus}/{shelved.gold_id}"


async def _answered(engine: Engine, question: Question, query: Query, shelved: Mapping[int, Shelved]) -> Answered:
    parts: list[str] = []
    cited: list[Shelved] = []
    is_refused = False
    async for event in engine.answer(question):
        match event:
            case TextDelta(text):
                parts.append(text)
            case CitationAdded(citation):
                cited.append(shelved.get(citation.passage.entry_id) or Shelved("", "", EVER))
            case Refused():
                is_refused = True
            case Finished(mode=mode):
                is_refused = is_refused or mode == "refusal"
            case _:
                pass
    n_stray = sum(1 for each in cited if not each.in_force.contains(question.scope.as_of))
    return Answered("".join(parts), is_refused, frozenset(_named(each, query) for each in cited), len(cited), n_stray)
