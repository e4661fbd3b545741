"""Shows reports: as one JSON object, and as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from apps.rag.evaluation.asking import Outcome
from apps.rag.evaluation.measures import MEASURES, AnswerMeasures, Comparison, Report, expected_of, is_judged, missing

_DIGITS = 4


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as the object that `rag_eval --json` prints."""
    return {
        "dataset": report.dataset,
        "n_passages": report.n_passages,
        "n_questions": report.n_questions,
        "n_judged": report.n_judged,
        "legs": {leg.leg: _rounded(leg.values) for leg in report.legs},
        "answers": _answers(report.answers),
        "kinds": {
            kind.kind: {"n": kind.n, **_rounded(kind.values), "answers": _answers(kind.answers)}
            for kind in report.kinds
        },
        "bootstrap": {
            f"{each.leg} - {each.baseline}, {each.measure}": _rounded(asdict(each.interval).items())
            for each in report.comparisons
        },
        "not_in_force": {
            **dict(report.strays.by_leg),
            "citations": report.strays.citations,
            "of_ranked": report.strays.n_ranked,
            "of_cited": report.strays.n_cited,
        },
        "degraded": dict(report.degraded),
        "ms": {"p50": round(report.p50_ms, 2), "p95": round(report.p95_ms, 2)},
    }


def show(console: Console, report: Report) -> None:
    """Print a report as tables."""
    counts = {
        "dataset": report.dataset,
        "passages": report.n_passages,
        "questions": report.n_questions,
        "judged": report.n_judged,
    }
    title = _("%(dataset)s: %(passages)d passages, %(questions)d questions, %(judged)d with known passages") % counts
    console.print(escape(title), style="bold")
    console.print(_legs_table(report))
    for each in report.comparisons:
        console.print(_compared(each))
    if report.answers is not None:
        console.print(_answers_table([(_("all"), report.answers)]))
    if report.kinds:
        console.print(_kinds_table(report))
    _show_strays(console, report)
    for mark, n_searches in report.degraded:
        said = _("%(n)d of %(of)d searches were degraded: %(mark)s") % {
            "n": n_searches,
            "of": report.n_questions,
            "mark": mark,
        }
        console.print(said, style="red")
    times = {"p50": f"{report.p50_ms:.1f}", "p95": f"{report.p95_ms:.1f}"}
    console.print(_("A search takes %(p50)s ms at the median, %(p95)s ms at p95.") % times)


def show_misses(console: Console, outcomes: Iterable[Outcome], leg: str) -> None:
    """Print each query that was not found first, wrongly refused or answered, or whose answer lacks something."""
    for outcome in outcomes:
        complaints = _complaints(outcome, leg)
        if complaints:
            query = outcome.query
            console.print(f"[bold]{escape(query.query_id)}[/] {escape(query.text[:100])}", highlight=False)
            found = ", ".join(outcome.ranking(leg)[:4])
            console.print(f"  {escape('; '.join(complaints))} | {escape(found)}", highlight=False)


def _complaints(outcome: Outcome, leg: str) -> list[str]:
    query, answer = outcome.query, outcome.answer
    complaints: list[str] = []
    if is_judged(outcome):
        ranks = [rank for rank, each in enumerate(outcome.ranking(leg), start=1) if each in query.relevant]
        if not ranks:
            complaints.append(_("not found"))
        elif ranks[0] > 1:
            complaints.append(_("rank %(rank)d") % {"rank": ranks[0]})
    if answer is None:
        return complaints
    if answer.is_refused != query.must_refuse and (query.must_refuse or query.relevant):
        verdict = _("answered, must be refused") if query.must_refuse else _("refused")
        complaints.append(f"{verdict} ({outcome.evidence:.2f})")
    if is_judged(outcome) and not answer.is_refused:
        if not answer.cited & query.relevant:
            complaints.append(_("cites no relevant passage"))
        lacking = missing(answer, expected_of(outcome))
        if lacking:
            complaints.append(_("lacks %(expected)s") % {"expected": ", ".join(lacking)})
    return complaints


def _rounded(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in values}


def _answers(answers: AnswerMeasures | None) -> dict[str, Any]:
    if answers is None:
        return {}
    return {
        name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in asdict(answers).items()
    }


def _legs_table(report: Report) -> Table:
    table = Table(_("leg"), *(name for name, _judge in MEASURES))
    for leg in report.legs:
        table.add_row(leg.leg, *(f"{value:.3f}" for _name, value in leg.values))
    return table


def _compared(comparison: Comparison) -> str:
    bounds = {name: f"{value:+.3f}" for name, value in asdict(comparison.interval).items()}
    legs = {"leg": comparison.leg, "baseline": comparison.baseline, "measure": comparison.measure}
    said = _("%(leg)s against %(baseline)s, %(measure)s: %(difference)s (95 %% of resamples: %(low)s to %(high)s)")
    return said % {**legs, **bounds}


def _answers_table(rows: Sequence[tuple[str, AnswerMeasures]]) -> Table:
    table = Table(
        _("answers"), "n", _("answered"), _("refused"), _("refused rightly"), _("cite a relevant passage"),
        _("contain what they must"), _("both"), _("expected figures found"),
    )  # fmt: skip
    for name, each in rows:
        shares = (
            each.answered, each.refused, each.refused_rightly, each.cited_relevant, each.contains_expected,
            each.cited_and_contains, each.expected_found,
        )  # fmt: skip
        table.add_row(name, str(each.n), *("" if share is None else f"{share:.3f}" for share in shares))
    return table


def _kinds_table(report: Report) -> Table:
    names = ("recall@10", "mrr@10", "ndcg@10")
    table = Table(
        _("kind"), "n", *names, _("answered"), _("refused rightly"), _("cite a relevant passage"),
        _("contain what they must"), _("both"),
    )  # fmt: skip
    for kind in report.kinds:
        values, answers = dict(kind.values), kind.answers
        shares = (
            (answers.answered, answers.refused_rightly, answers.cited_relevant, answers.contains_expected,
             answers.cited_and_contains)
            if answers
            else (None,) * 5
        )  # fmt: skip
        cells = (*(values.get(name) for name in names), *shares)
        table.add_row(kind.kind, str(kind.n), *("" if cell is None else f"{cell:.3f}" for cell in cells))
    return table


def _show_strays(console: Console, report: Report) -> None:
    found = {leg: n_stray for leg, n_stray in report.strays.by_leg if n_stray}
    if found or report.strays.citations:
        told = ", ".join(f"{leg} {n_stray}" for leg, n_stray in found.items())
        console.print(
            _("Passages not in force on the day of the question: %(legs)s; citations %(citations)d.")
            % {"legs": told or "0", "citations": report.strays.citations},
            style="red",
        )
