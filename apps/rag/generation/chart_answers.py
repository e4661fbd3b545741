"""Answers from a chart of accounts: what an account or a class is called, where it stands, what stands under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from apps.rag.analysis import terms
from apps.rag.generation import wording
from apps.rag.generation.asked import Wanted
from apps.rag.generation.chart_rows import Account, ChartRow
from apps.rag.types import RankedPassage, Reference
from apps.rag.understanding.classes import is_rest, stands_aside
from apps.rag.understanding.references import PLAN_FORMER
from kauri.lib.text import fold

_MAX_ROWS = 3
_MAX_BELOW = 12
_MAX_OTHERS = 6
_LEVEL_SHARE = 0.85
_BEGINNING = 4  # letters: a slip later in a word still begins it
_MAIN_DIGITS = 2  # of the account that all others with this beginning stand under
_OF_KINDS = frozenset({"comp", "char", "prod", "clas", "nume"})


def best_row(asked: Wanted, near: Sequence[ChartRow], passages: Sequence[RankedPassage]) -> ChartRow:
    """Choose the row that is meant: a class where one is asked for, else the best label of the best rows.

    Of labels that say the question's own words as closely the one under what the question says too, then the first of
    the chart, which puts what is special behind what is common.
    """
    classes = [row for row in near if row.is_class]
    if classes and "classe" in asked.folded:
        return classes[0]
    # what a follow-up says itself is what it adds to the question before, which all of the best rows are about
    share = 0.0 if asked.leans else _LEVEL_SHARE
    level = [row for row in near if passages[row.index].score >= share * passages[near[0].index].score]
    close = {row.index: _closeness(asked, row) for row in level}
    closest = max(close.values())
    tied = [row for row in level if close[row.index] == closest]
    if tied[0].is_class or not closest[0]:
        return tied[0]
    accounts = [row for row in tied if not row.is_class]
    return min(accounts, key=lambda row: (-len(_own(asked).keys() & _added_above(row)), row.account.number))


def _added_above(row: ChartRow) -> frozenset[str]:
    """Return what the label above says beside the account's own: "FRAIS BANCAIRES" adds nothing to its "autres"."""
    return frozenset(terms(row.parent.label)).difference(terms(row.account.label)) if row.parent else frozenset()


def _closeness(asked: Wanted, row: ChartRow) -> tuple[bool, bool, bool, int, int, int, int]:
    """Return how close a label is to a question: of the chart that is meant, of an account that may be meant without
    its kind being said, saying most of its words, least beside, most as they stand, and most of the texts' name.

    A label that says the texts' name for what the question says, whole, says it: "loyer" is "locations, charges
    locatives" as much as a word of "fermages et loyers du foncier".
    """
    is_aside = stands_aside(row.account.number, asked.folded)
    is_of_rest = is_rest(fold(row.account.label), asked.folded)
    label, own = frozenset(terms(row.account.label)), _own(asked).keys()
    said, name = _said_of(asked, row)
    is_of_chart = bool(said) and (row.plan == PLAN_FORMER) == (asked.plan == PLAN_FORMER)
    return is_of_chart, not is_aside, not is_of_rest, len(said), -len(label - own - name), len(own & label), len(name)


def is_named(asked: Wanted, rows: Sequence[ChartRow]) -> bool:
    """Tell whether a question says, means or misspells a word of a label, or of the label above it.

    An account that shares none was only the least far away. What names a kind of account is no word of one.
    """
    begun = {term[:_BEGINNING] for term, _weight in asked.weights if term[:_BEGINNING] not in _OF_KINDS}
    labels = [account.label for row in rows for account in (row.account, *([row.parent] if row.parent else []))]
    return any(term[:_BEGINNING] in begun for label in labels for term in terms(label))


def says_all(asked: Wanted, row: ChartRow) -> bool:
    """Tell whether a question says all that is not small in an account's label: no other one can be meant."""
    return _own(asked).keys() >= set(terms(row.account.label))


def meant_too(asked: Wanted, others: Sequence[ChartRow], named: ChartRow) -> list[ChartRow]:
    """Return the accounts that may be meant in place of the one that is named: of the same main account, or saying
    enough of the question. The rest has only a word in common with it.
    """
    said, _name = _said_of(asked, named)
    accounts = [row for row in others if not row.is_class and row.plan == named.plan]
    return [row for row in accounts if _is_akin(row, named) or _says_enough(asked, row, said)]


def _says_enough(asked: Wanted, row: ChartRow, said: frozenset[str]) -> bool:
    """Tell whether a label says what the question is about and the account named does not ("réparation de la
    camionnette"), more of it than a word and no less than that account, or nothing else.
    """
    own, _name = _said_of(asked, row)
    first = next((term for term in _own(asked) if term in own or term in said), None)
    is_about = first in own and first not in said
    return bool(own) and (
        is_about or (len(own) > 1 and own >= said) or _own(asked).keys() >= set(terms(row.account.label))
    )


def _said_of(asked: Wanted, row: ChartRow) -> tuple[frozenset[str], frozenset[str]]:
    """Return the question's own words that a label says, itself or in the texts' words, and those texts' words."""
    label, own = frozenset(terms(row.account.label)), _own(asked).keys()
    named = [
        (words, form)
        for words, forms in zip(asked.said, asked.meant, strict=True)
        for form in forms
        # what a question itself says: the question before it is about all of the rows
        if own >= set(words) and label.issuperset(form)
    ]
    return label.union(*(words for words, _form in named)) & own, frozenset().union(*(form for _words, form in named))


def _own(asked: Wanted) -> dict[str, None]:
    """Return the words that a question says itself, in their order."""
    return dict.fromkeys(term for term, weight in asked.weights if weight == 1.0)


def chart_answer(rows: Sequence[ChartRow], others: Sequence[ChartRow], found: Sequence[ChartRow] = ()) -> list[str]:
    """Say what accounts are called and where they stand, then name others that may be meant, in the chart's order.

    `found` are the rows of all passages: an account above or below that has one is cited by it.
    """
    rows = _once(rows)
    own = {(row.plan, row.account.number): row for row in reversed(found) if not row.is_class}
    paragraphs = [_row_answer(row, own) for row in rows[:_MAX_ROWS]]
    named = {
        account.number for row in rows for account in (row.account, *row.below, *([row.parent] if row.parent else []))
    }
    near = [row for row in others if row.account.number not in named]
    near = sorted(_once(near)[:_MAX_OTHERS], key=lambda row: row.account.number)
    if near:
        said = Counter(fold(row.account.label) for row in (*rows, *near))
        lines = [_line(row.account, _label(row, is_shared=said[fold(row.account.label)] > 1)) for row in near]
        paragraphs.append("\n".join([wording.other_accounts(), "", *lines]))
    return paragraphs


def _is_akin(row: ChartRow, named: ChartRow) -> bool:
    """Tell whether an account is of the same main account: above, below or beside."""
    return row.account.number[:_MAIN_DIGITS] == named.account.number[:_MAIN_DIGITS]


def _line(account: Account, label: str) -> str:
    return f"- {wording.account_line(account.number, label)}"


def _once(rows: Sequence[ChartRow]) -> list[ChartRow]:
    """Return each account once, as the first chart has it: a chart and its sample say the same."""
    first: dict[tuple[object, ...], ChartRow] = {}
    for row in rows:
        first.setdefault((row.account.number, row.is_class, row.plan, fold(row.account.label)), row)
    return list(first.values())


def _label(row: ChartRow, *, is_shared: bool = False) -> str:
    """Quote an account's label, after that of the account above where it means nothing without, or others share it."""
    label = wording.quoted(row.account.label, row.index + 1)
    if row.parent is None or not (row.account.is_continued or is_shared):
        return label
    return f"{wording.quoted(row.parent.label, None)}, {label}"


def _row_answer(row: ChartRow, own: Mapping[tuple[str, str], ChartRow]) -> str:
    number = row.index + 1
    label = _label(row)
    if row.is_class:
        return (
            f"{wording.class_is(row.account.number, label, row.plan)}{_below(row, wording.class_accounts(number), own)}"
        )
    sentences = [wording.account_is(row.account.number, label, row.plan)]
    if row.parent and row.account.is_continued:
        sentences.append(wording.account_under(row.parent.number, row.class_digit, row.class_title, number))
    elif row.parent:
        above = own.get((row.plan, row.parent.number), row)
        # another edition, or a sample, may call it otherwise: then the account's own passage says it
        says_it = above if above.account == row.parent else row
        parent = wording.quoted(row.parent.label, says_it.index + 1)
        sentences.append(wording.account_belongs(row.parent.number, parent, row.class_digit, row.class_title))
    else:
        sentences.append(wording.account_class(row.class_digit, row.class_title, number))
    return f"{' '.join(sentences)}{_below(row, wording.accounts_below(len(row.below), number), own)}"


def _below(row: ChartRow, introduction: str, own: Mapping[tuple[str, str], ChartRow]) -> str:
    if not row.below:
        return ""
    lines = [_line(each, _listed(each, row, own.get((row.plan, each.number)))) for each in row.below[:_MAX_BELOW]]
    rest = f"\n\n{wording.list_goes_on()}" if len(row.below) > _MAX_BELOW else ""
    return "\n\n" + "\n".join([introduction, "", *lines]) + rest


def _listed(account: Account, above: ChartRow, own: ChartRow | None) -> str:
    """Quote an account of a list: from its own passage where there is one, else from that of the list."""
    says_it = own if own and own.account == account else above
    return wording.quoted(account.label, says_it.index + 1)


def class_answer(rows: Sequence[ChartRow], references: Sequence[Reference]) -> list[str]:
    """Name the accounts of a class that has no row of its own in the chart; [] where it has one."""
    digits = [reference.number for reference in references if reference.kind == "class"]
    own = [row for row in rows if not row.is_class and row.class_digit in digits[:1]]
    if not own or any(row.is_class for row in rows):
        return []
    lines = [_line(row.account, wording.quoted(row.account.label, row.index + 1)) for row in own]
    return ["\n".join([wording.class_holds(digits[0], own[0].index + 1), "", *lines])]
