"""Reads the charts of accounts that the public texts hold: the revised one and the former one."""

from __future__ import annotations

import csv
from pathlib import Path

from django.utils.translation import gettext as _

from apps.rag.evaluation.corpus import EVER, NAMESPACE_PREFIX, Corpus, CorpusPassage, passage_uuid
from apps.rag.evaluation.lines import BadDataset
from apps.rag.types import NewEntry, Span
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
    labels = {(row["plan"], row["compte"]): row["libelle"] for row in rows}
    return Corpus(CHART, tuple(_account(row, labels, ordinal) for ordinal, row in enumerate(rows)))


def _account(row: dict[str, str], labels: dict[tuple[str, str], str], ordinal: int) -> CorpusPassage:
    number, name = row["compte"], row["plan"]
    plan = PLAN_REVISED if "revise" in name else PLAN_FORMER
    parents = [(number[:n], labels.get((name, number[:n]))) for n in range(2, len(number))]
    headings = tuple(f"{prefix} {label}" for prefix, label in parents if label)
    text = f"{number} {row['libelle']}"
    title, locator = "Plan de comptes", f"Compte {number}"
    entry = NewEntry(
        passage_id=passage_uuid(CHART, f"{plan} {number}"),
        document_id=passage_uuid(CHART, f"document/{plan}"),
        version_id=passage_uuid(CHART, f"version/{plan}"),
        namespace=NAMESPACE_PREFIX + CHART,
        organisation_id=None,
        country=None,
        kind="chart",
        code="PCO",
        document_title=title,
        locator=locator,
        heading_path=headings,
        ordinal=ordinal,
        page=None,
        span=Span(0, len(text)),
        in_force=EVER,
        plan=plan,
        text=text,
        references=(account_reference(plan, number),),
        search_text="\n".join((title, locator, *headings, text)),
    )
    return CorpusPassage(number, entry)
