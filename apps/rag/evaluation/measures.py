"""From the outcomes of a dataset's queries to its measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.rag.evaluation.asking import DEPTH, Answered, Outcome
from apps.rag.evaluation.figures import contains, figures
from apps.rag.evaluation.metrics import (
    Interval,
    mean,
    ndcg_at,
    paired_bootstrap,
    percentile,
    recall_at,
    reciprocal_rank,
)

Judge = Callable[[Outcome, str], float]


def _recall(k: int) -> Judge:
    return lambda outcome, leg: recall_at(outcome.ranking(leg), outcome.query.relevant, k)


MEASURES: tuple[tuple[str, Judge], ...] = (
    ("recall@1", _recall(1)),
    ("recall@5", _recall(5)),
    ("recall@10", _recall(10)),
    ("recall@100", _recall(DEPTH)),
    ("mrr@10", lambda outcome, leg: reciprocal_rank(outcome.ranking(leg), outcome.query.relevant, 10)),
    ("ndcg@10", lambda outcome, leg: ndcg_at(outcome.ranking(leg), outcome.query.relevant, 10)),
)
COMPARED = ("recall@10", "mrr@10", "ndcg@10")


@dataclass(frozen=True, slots=True)
class LegMeasures:
    """One leg: its measures by name, and its recall at 1, 2, … 100."""

    leg: str
    values: tuple[tuple[str, float], ...]
    recall_by_k: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far one leg is above another in one measure, over the same questions."""

    leg: str
    baseline: str
    measure: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class AnswerMeasures:
    """Shares, 0..1, None where there is nothing to share; `n` counts the queries with a known answer or none.

    answered: of the answerable ones; refused: of all; refused_rightly: of those that must be refused;
    cited_relevant, contains_expected and both: of the answerable ones that were answered (contains_expected, both: and
    whose figures or words are known); expected_found: of all expected figures and words of these, how many are there.
    """

    n: int
    n_answerable: int
    n_must_refuse: int
    answered: float | None
    refused: float | None
    refused_rightly: float | None
    cited_relevant: float | None
    contains_expected: float | None
    cited_and_contains: float | None
    expected_found: float | None


@dataclass(frozen=True, slots=True)
class KindMeasures:
    """The final ranking and the answers of one kind of questions."""

    kind: str
    n: int
    values: tuple[tuple[str, float], ...]
    answers: AnswerMeasures | None


@dataclass(frozen=True, slots=True)
class Strays:
    """Passages that were not in force on their question's day, by leg and in citations; and how many were looked at."""

    by_leg: tuple[tuple[str, int], ...]
    citations: int
    n_ranked: int
    n_cited: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured of one dataset; `degraded` counts the searches that lacked something, by what they lacked."""

    dataset: str
    n_passages: int
    n_questions: int
    n_judged: int
    legs: tuple[LegMeasures, ...]
    comparisons: tuple[Comparison, ...]
    answers: AnswerMeasures | None
    kinds: tuple[KindMeasures, ...]
    strays: Strays
    degraded: tuple[tuple[str, int], ...]
    p50_ms: float
    p95_ms: float


def report_of(dataset: str, n_passages: int, outcomes: Sequence[Outcome], legs: Sequence[str]) -> Report:
    """Measure the outcomes of a dataset's queries; the last of `legs` is the final ranking."""
    judged = [outcome for outcome in outcomes if is_judged(outcome)]
    kinds = sorted({outcome.query.kind for outcome in outcomes if outcome.query.kind})
    times = [outcome.elapsed_ms for outcome in outcomes]
    return Report(
        dataset=dataset,
        n_passages=n_passages,
        n_questions=len(outcomes),
        n_judged=len(judged),
        legs=tuple(_leg(leg, judged) for leg in legs),
        comparisons=_comparisons(judged, legs),
        answers=answers_of(outcomes),
        kinds=tuple(_kind(kind, outcomes, legs[-1]) for kind in kinds),
        strays=_strays(outcomes, legs),
        degraded=tuple(sorted(Counter(mark for outcome in outcomes for mark in outcome.degraded).items())),
        p50_ms=percentile(times, 0.5),
        p95_ms=percentile(times, 0.95),
    )


def is_judged(outcome: Outcome) -> bool:
    """Tell whether retrieval can be judged by this query."""
    return bool(outcome.query.relevant) and not outcome.query.must_refuse


def answers_of(outcomes: Sequence[Outcome]) -> AnswerMeasures | None:
    """Measure the answers, None where there are none."""
    asked = [(outcome, outcome.answer) for outcome in outcomes if outcome.answer is not None]
    if not asked:
        return None
    must = [answer for outcome, answer in asked if outcome.query.must_refuse]
    answerable = [(outcome, answer) for outcome, answer in asked if is_judged(outcome)]
    given = [(outcome, answer) for outcome, answer in answerable if not answer.is_refused]
    checked = [(outcome, answer, expected) for outcome, answer in given if (expected := expected_of(outcome))]
    whole = [(outcome, answer) for outcome, answer, expected in checked if missing(answer, expected) == ()]
    n_expected = sum(len(expected) for _, _, expected in checked)
    n_missing = sum(len(missing(answer, expected)) for _, answer, expected in checked)
    return AnswerMeasures(
        n=len(asked),
        n_answerable=len(answerable),
        n_must_refuse=len(must),
        answered=_share(len(given), len(answerable)),
        refused=_share(sum(answer.is_refused for _, answer in asked), len(asked)),
        refused_rightly=_share(sum(answer.is_refused for answer in must), len(must)),
        cited_relevant=_share(sum(_cites(*each) for each in given), len(given)),
        contains_expected=_share(len(whole), len(checked)),
        cited_and_contains=_share(sum(_cites(*each) for each in whole), len(checked)),
        expected_found=_share(n_expected - n_missing, n_expected),
    )


def expected_of(outcome: Outcome) -> tuple[str, ...]:
    """Return what an answer must contain: what the query says, else the figures of the expected answer."""
    return outcome.query.must_contain or figures(outcome.query.expected_answer)


def missing(answer: Answered, expected: Sequence[str]) -> tuple[str, ...]:
    """Return what an answer lacks of what is expected."""
    return tuple(each for each in expected if not contains(answer.text, each))


def _cites(outcome: Outcome, answer: Answered) -> bool:
    return bool(answer.cited & outcome.query.relevant)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _values(leg: str, judged: Sequence[Outcome]) -> tuple[tuple[str, float], ...]:
    return tuple((name, mean([judge(outcome, leg) for outcome in judged])) for name, judge in MEASURES)


def _leg(leg: str, judged: Sequence[Outcome]) -> LegMeasures:
    curve = tuple(
        mean([recall_at(outcome.ranking(leg), outcome.query.relevant, k) for outcome in judged])
        for k in range(1, DEPTH + 1)
    )
    return LegMeasures(leg, _values(leg, judged), curve)


def _comparisons(judged: Sequence[Outcome], legs: Sequence[str]) -> tuple[Comparison, ...]:
    """Compare the final ranking with the first leg: reranked against lexical, unless other legs were chosen."""
    if len(legs) < 2:
        return ()
    judges = dict(MEASURES)
    return tuple(
        Comparison(
            legs[-1],
            legs[0],
            name,
            paired_bootstrap(
                [judges[name](outcome, legs[0]) for outcome in judged],
                [judges[name](outcome, legs[-1]) for outcome in judged],
            ),
        )
        for name in COMPARED
    )


def _kind(kind: str, outcomes: Sequence[Outcome], leg: str) -> KindMeasures:
    own = [outcome for outcome in outcomes if outcome.query.kind == kind]
    judged = [outcome for outcome in own if is_judged(outcome)]
    return KindMeasures(kind, len(own), _values(leg, judged) if judged else (), answers_of(own))


def _strays(outcomes: Sequence[Outcome], legs: Sequence[str]) -> Strays:
    by_leg = dict.fromkeys(legs, 0)
    for outcome in outcomes:
        for listed in outcome.listed:
            # a leg that did not run ranked nothing
            if listed.leg in by_leg:
                by_leg[listed.leg] += listed.n_stray
    answers = [outcome.answer for outcome in outcomes if outcome.answer is not None]
    return Strays(
        by_leg=tuple(by_leg.items()),
        citations=sum(answer.n_stray for answer in answers),
        n_ranked=sum(len(listed.ids) for outcome in outcomes for listed in outcome.listed),
        n_cited=sum(answer.n_citations for answer in answers),
    )
