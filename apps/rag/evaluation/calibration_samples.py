"""Asks an engine the questions that it is calibrated on, and keeps what ranking and evidence were made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from apps.rag.engine import Engine
from apps.rag.evaluation.asking import Plan
from apps.rag.evaluation.calibration import Sample
from apps.rag.evaluation.calibration_answers import AnswerCase
from apps.rag.evaluation.calibration_evidence import Case
from apps.rag.evaluation.corpus import Corpus
from apps.rag.evaluation.dataset import Dataset, Query
from apps.rag.evaluation.index import Shelved
from apps.rag.evaluation.steps import Tell
from apps.rag.generation.choosing import found_in
from apps.rag.generation.extractive import considered
from apps.rag.retrieval.stages import Examined
from apps.rag.types import Question, Scope

# Questions of another field that the knowledge base is asked, at most so many a dataset.
_N_STRANGE = 150


async def samples_of(
    engine: Engine, dataset: Dataset, shelved: Mapping[int, Shelved], today: date, tell: Tell
) -> list[Sample]:
    """Ask a dataset's answerable queries in their own corpora. Raises RetrievalUnavailable."""
    plan = _alone(dataset, today)
    wanted = [query for query in dataset.queries if query.relevant and not query.must_refuse]
    samples: list[Sample] = []
    for query in wanted:
        scope = plan.scope(query)
        examined = await engine.examine(Question(query.text, scope, query.history))
        gold = frozenset(
            entry_id
            for entry_id, each in shelved.items()
            if each.corpus == query.corpus and each.gold_id in query.relevant and each.in_force.contains(scope.as_of)
        )
        samples.append(_sample(dataset.name, examined, gold))
        tell(len(samples), len(wanted))
    return samples


async def cases_of(
    engine: Engine, field: Sequence[Dataset], elsewhere: Sequence[Dataset], today: date, tell: Tell
) -> list[Case]:
    """Ask what must be answered and what must be refused. Raises RetrievalUnavailable.

    The field's queries are asked of all its corpora; then of those that lack their law, where they must be refused, as
    the queries of other fields must be.
    """
    corpora = _corpora(field)
    plan = Plan((), corpora, is_together=True, wants_answers=False, today=today, as_of=None)
    asked = [
        (each.name, query, plan.scope(query), not query.must_refuse)
        for each in field
        for query in each.queries
        if query.relevant or query.must_refuse
    ]
    asked += list(absent(field, corpora, plan))
    strange = plan.scope(field[0].queries[0])
    asked += [(each.name, query, strange, False) for each in elsewhere for query in each.queries[:_N_STRANGE]]
    cases: list[Case] = []
    for name, query, scope, is_answerable in asked:
        examined = await engine.examine(Question(query.text, scope, query.history))
        if is_answerable and examined.evidence is None and examined.result.is_answerable:
            continue  # a reference was found: nothing is to be judged
        cases.append(Case(name if is_answerable else f"not {name}", examined.evidence, is_answerable))
        tell(len(cases), len(asked))
    return cases


async def answer_cases_of(
    engine: Engine,
    field: Sequence[Dataset],
    elsewhere: Sequence[Dataset],
    *,
    shelved: Mapping[int, Shelved],
    today: date,
    tell: Tell,
) -> list[AnswerCase]:
    """Ask what must be answered and what must be refused, and keep what an answer is chosen from, where it is chosen.

    Each query is asked of its own corpora; the field's of all of them together and of those that lack their law, too;
    the others' of the field's. Raises RetrievalUnavailable.
    """
    own = [(each, query, _alone(each, today).scope(query)) for each in (*field, *elsewhere) for query in each.queries]
    asked = [(each.name, query, scope, not query.must_refuse, each in field) for each, query, scope in own]
    plan = Plan((), _corpora(field), is_together=True, wants_answers=False, today=today, as_of=None)
    asked += [
        (f"{each.name}, together", query, plan.scope(query), not query.must_refuse, True)
        for each in field
        for query in each.queries
    ]
    asked += [(*each, True) for each in absent(field, plan.corpora, plan)]
    strange = plan.scope(field[0].queries[0])
    asked += [(each.name, query, strange, False, False) for each in elsewhere for query in each.queries[:_N_STRANGE]]
    # of a question that nobody judged, no passage is known to answer
    asked = [each for each in asked if each[1].relevant or each[1].must_refuse]
    cases: list[AnswerCase] = []
    for n, (name, query, scope, is_answerable, is_of_field) in enumerate(asked, start=1):
        question = Question(query.text, scope, query.history)
        result = await engine.search(question)
        candidates = considered(question, result) if result.is_answerable else ()
        relevant = frozenset(
            place
            for place, ranked in enumerate(result.passages)
            if is_answerable and _is_relevant(shelved[ranked.passage.entry_id], query)
        )
        group = name if is_answerable else f"not {name}"
        if candidates:
            found = found_in(result)
            cases.append(AnswerCase(group, query.text, candidates, relevant, found, is_answerable, is_of_field))
        tell(n, len(asked))
    return cases


def _alone(dataset: Dataset, today: date) -> Plan:
    return Plan((), dataset.corpora, is_together=False, wants_answers=False, today=today, as_of=None)


def _corpora(field: Sequence[Dataset]) -> tuple[Corpus, ...]:
    return tuple({corpus.name: corpus for each in field for corpus in each.corpora}.values())


def _is_relevant(shelved: Shelved, query: Query) -> bool:
    return shelved.corpus == query.corpus and shelved.gold_id in query.relevant


def absent(field: Sequence[Dataset], corpora: Sequence[Corpus], plan: Plan) -> Iterable[tuple[str, Query, Scope, bool]]:
    """Yield queries with the scope that lacks the law that they ask about, where there is another one."""
    codes = {corpus.name: frozenset(entry.code for entry in corpus.entries) for corpus in corpora}
    for dataset in field:
        for query in dataset.queries:
            lacking = tuple(each.namespace for each in corpora if codes[each.name].isdisjoint(codes[query.corpus]))
            if lacking and query.relevant and codes[query.corpus]:
                yield dataset.name, query, replace(plan.scope(query), namespaces=lacking), False


def _sample(name: str, examined: Examined, gold: frozenset[int]) -> Sample:
    ids = examined.table.entry_ids
    relevant = np.array([entry_id in gold for entry_id in ids], dtype=np.bool_)
    legs = examined.result.rankings
    return Sample(name, ids, examined.table.signs, examined.table.added, relevant, gold, legs)
