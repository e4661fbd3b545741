"""Answers from a chart of accounts: what an account or a class is called, where it stands, what stands under it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from apps.rag.analysis import terms
from apps.rag.generation import wording
from apps.rag.generation.asked import Wanted
from apps.rag.generation.chart_rows import Account, ChartRow
from apps.rag.types import RankedPassage, Reference
from apps.rag.understanding.references import PLAN_FORMER
from kauri.lib.text import fold

_MAX_ROWS = 3
_MAX_BELOW = 12
_MAX_OTHERS = 6
_LEVEL_SHARE = 0.85
_BEGINNING = 4  # letters: a slip later in a word still begins it
_OF_KINDS = frozenset({"comp", "char", "prod", "clas", "nume"})


def best_row(asked: Wanted, near: Sequence[ChartRow], passages: Sequence[RankedPassage]) -> ChartRow:
    """Choose the row that is meant: a class where one is asked for, else the best label of the best rows."""
    classes = [row for row in near if row.is_class]
    if classes and "classe" in asked.folded:
        return classes[0]
    own = {term for term, weight in asked.weights if weight == 1.0}
    # what a follow-up says itself is what it adds to the question before, which all of the best rows are about
    share = 0.0 if asked.leans else _LEVEL_SHARE
    level = [row for row in near if passages[row.index].score >= share * passages[near[0].index].score]
    is_former = "ancien" in asked.folded
    return max(level, key=lambda row: _closeness(own, row, is_former=is_former))


def _closeness(own: AbstractSet[str], row: ChartRow, *, is_former: bool) -> tuple[bool, int, int]:
    """Return how close a label is to a question: of the chart that is meant, sharing most, and saying least beside."""
    label = set(terms(row.account.label))
    is_of_chart = bool(own & label) and (row.plan == PLAN_FORMER) == is_former
    return is_of_chart, len(own & label), -len(label - own)


def is_named(asked: Wanted, rows: Sequence[ChartRow]) -> bool:
    """Tell whether a question says, means or misspells a word of a label, or of the label above it.

    An account that shares none was only the least far away. What names a kind of account is no word of one.
    """
    begun = {term[:_BEGINNING] for term, _weight in asked.weights if term[:_BEGINNING] not in _OF_KINDS}
    labels = [account.label for row in rows for account in (row.account, *([row.parent] if row.parent else []))]
    return any(term[:_BEGINNING] in begun for label in labels for term in terms(label))


def says_all(asked: Wanted, row: ChartRow) -> bool:
    """Tell whether a question says all that is not small in an account's label: no other one can be meant."""
    own = {term for term, weight in asked.weights if weight == 1.0}
    return own >= set(terms(row.account.label))


def chart_answer(rows: Sequence[ChartRow], others: Sequence[ChartRow]) -> list[str]:
    rows = _once(rows)
    paragraphs = [_row_answer(row) for row in rows[:_MAX_ROWS]]
    named = {
        account.number for row in rows for account in (row.account, *row.below, *([row.parent] if row.parent else []))
    }
    near = [row for row in others if not row.is_class and row.plan == rows[0].plan and row.account.number not in named]
    near = _once(near)[:_MAX_OTHERS]
    if near:
        lines = [f"- {row.account.number} : {_label(row)}" for row in near]
        paragraphs.append("\n".join([wording.other_accounts(), "", *lines]))
    return paragraphs


def _once(rows: Sequence[ChartRow]) -> list[ChartRow]:
    """Return each account once, as the first chart has it: a chart and its sample say the same."""
    first: dict[tuple[object, ...], ChartRow] = {}
    for row in rows:
        first.setdefault((row.account.number, row.is_class, row.plan, fold(row.account.label)), row)
    return list(first.values())


def _label(row: ChartRow) -> str:
    """Quote an account's label, after that of the account above where it means nothing without."""
    label = wording.quoted(row.account.label, row.index + 1)
    if row.parent is None or not row.account.is_continued:
        return label
    return f"{wording.quoted(row.parent.label, None)}, {label}"


def _row_answer(row: ChartRow) -> str:
    number = row.index + 1
    label = _label(row)
    if row.is_class:
        return f"{wording.class_is(row.account.number, label)}{_below(row.below, wording.class_accounts(number))}"
    sentences = [wording.account_is(row.account.number, label, row.plan)]
    if row.parent and row.account.is_continued:
        sentences.append(wording.account_under(row.parent.number, row.class_digit, row.class_title, number))
    elif row.parent:
        parent = wording.quoted(row.parent.label, number)
        sentences.append(wording.account_belongs(row.parent.number, parent, row.class_digit, row.class_title))
    else:
        sentences.append(wording.account_class(row.class_digit, row.class_title, number))
    return f"{' '.join(sentences)}{_below(row.below, wording.accounts_below(len(row.below), number))}"


def _below(accounts: Sequence[Account], introduction: str) -> str:
    if not accounts:
        return ""
    lines = [f"- {account.number} : {wording.quoted(account.label, None)}" for account in accounts[:_MAX_BELOW]]
    rest = f"\n\n{wording.list_goes_on()}" if len(accounts) > _MAX_BELOW else ""
    return "\n\n" + "\n".join([introduction, "", *lines]) + rest


def class_answer(rows: Sequence[ChartRow], references: Sequence[Reference]) -> list[str]:
    """Name the accounts of a class that has no row of its own in the chart; [] where it has one."""
    digits = [reference.number for reference in references if reference.kind == "class"]
    own = [row for row in rows if not row.is_class and row.class_digit in digits[:1]]
    if not own or any(row.is_class for row in rows):
        return []
    lines = [f"- {row.account.number} : {wording.quoted(row.account.label, row.index + 1)}" for row in own]
    return ["\n".join([wording.class_holds(digits[0], own[0].index + 1), "", *lines])]
