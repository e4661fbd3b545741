"""Reads the charts of accounts that the public texts hold: the revised one and the former one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.utils.translation import gettext as _

from apps.rag.evaluation.corpus import EVER, NAMESPACE_PREFIX, Corpus, CorpusPassage, passage_uuid
from apps.rag.evaluation.lines import BadDataset
from apps.rag.types import NewEntry, Span
from apps.rag.understanding.charts import AccountPassage, Named, account_passage, plan_title
from apps.rag.understanding.references import PLAN_FORMER, PLAN_REVISED, account_reference

CHART = "chart"
CHART_FILE = "ohada_texts/plan_comptable_syscohada_revise_extrait.csv"
_COLUMNS = {"compte", "libelle", "plan"}


def chart_read(path: Path) -> Corpus:
    """Read both charts; an account's id is its number, in whichever chart it stands. Raises BadDataset."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(_("%(path)s cannot be read.") % {"path": path}) from error
    if not rows or set(rows[0]) < _COLUMNS:
        raise BadDataset(_("%(path)s has no columns compte, libelle and plan.") % {"path": path})
    charts: dict[str, dict[str, str]] = {}
    for row in rows:
        charts.setdefault(row["plan"], {})[row["compte"]] = row["libelle"]
    written = {name: _written(labels, _plan(name)) for name, labels in charts.items()}
    return Corpus(CHART, tuple(_account(row, written[row["plan"]], ordinal) for ordinal, row in enumerate(rows)))


def _plan(name: str) -> str:
    return PLAN_REVISED if "revise" in name else PLAN_FORMER


def _written(labels: Mapping[str, str], plan: str) -> dict[str, AccountPassage]:
    """Write each account of a chart as a passage: just as an imported chart has it."""
    above = {number: [number[:n] for n in range(2, len(number)) if number[:n] in labels] for number in labels}
    below: dict[str, list[str]] = {}
    for number, holders in above.items():
        if holders:
            below.setdefault(holders[-1], []).append(number)

    def named(numbers: Iterable[str]) -> list[Named]:
        return [Named(number, labels[number]) for number in sorted(numbers)]

    return {
        number: account_passage(
            Named(number, label),
            plan=plan,
            root=plan_title(plan),
            above=named(above[number]),
            below=named(below.get(number, ())),
        )
        for number, label in labels.items()
    }


def _account(row: dict[str, str], written: Mapping[str, AccountPassage], ordinal: int) -> CorpusPassage:
    number, plan = row["compte"], _plan(row["plan"])
    passage = written[number]
    entry = NewEntry(
        passage_id=passage_uuid(CHART, f"{plan} {number}"),
        document_id=passage_uuid(CHART, f"document/{plan}"),
        version_id=passage_uuid(CHART, f"version/{plan}"),
        namespace=NAMESPACE_PREFIX + CHART,
        organisation_id=None,
        country=None,
        kind="chart",
        code="PCO",
        document_title="Plan de comptes",
        locator=f"Compte {number}",
        heading_path=passage.headings,
        ordinal=ordinal,
        page=None,
        span=Span(0, len(passage.text)),
        in_force=EVER,  # both can be asked for here on any day
        plan=plan,
        text=passage.text,
        references=(account_reference(plan, number),),
        search_text=passage.search_text,
    )
    return CorpusPassage(number, entry)
