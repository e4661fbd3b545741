"""Passages of a chart of accounts: one per class and one per account."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from apps.knowledge.chunking.plans import plan_in_force, plan_key
from apps.knowledge.chunking.tokens import count_tokens
from apps.knowledge.chunking.types import Chunked, ChunkedPassage, OutlineEntry, ParsedAccount
from apps.knowledge.parsers.types import ParsedDocument
from apps.rag.understanding.charts import (
    Named,
    account_passage,
    class_named,
    class_title,
    listed,
    plan_title,
    searched_headings,
)
from apps.rag.understanding.references import PLAN_FORMER, account_reference, class_reference


@dataclass(frozen=True, slots=True)
class _Entry:
    """A class or account before it has its place: `text` is its passage, `depth` for the outline."""

    text: str
    title: str
    locator: str
    path: tuple[str, ...]
    references: tuple[str, ...]
    search_text: str
    plan: str
    depth: int


def chunk_chart(document: ParsedDocument, *, plan: str, title: str) -> Chunked:
    """Cut a chart; `plan` names the plan of rows that do not name one (`column:plan`: none)."""
    accounts = _accounts(document, plan)
    entries = [
        entry
        for key, group in groupby(accounts, key=lambda account: account.plan)
        for entry in _plan_entries(tuple(group), key, title)
    ]
    return _placed(entries, accounts)


def _accounts(document: ParsedDocument, plan: str) -> tuple[ParsedAccount, ...]:
    """The accounts by plan in the file's order of plans, then by number; a repeated number counts once."""
    given = "" if plan.startswith("column:") else plan_key(plan)
    labels: dict[str, dict[str, str]] = {}
    for block in document.blocks:
        if block.account is not None:
            key = plan_key(block.account.plan) or given
            labels.setdefault(key, {}).setdefault(block.account.number, block.account.label)
    return tuple(
        ParsedAccount(
            number, by_number[number], int(number[0]), _parent(number, by_number), key, plan_in_force(key, labels)
        )
        for key, by_number in labels.items()
        for number in sorted(by_number)
    )


def _parent(number: str, labels: dict[str, str]) -> str:
    return next((number[:length] for length in range(len(number) - 1, 0, -1) if number[:length] in labels), "")


def _plan_entries(accounts: Sequence[ParsedAccount], plan: str, title: str) -> Iterator[_Entry]:
    by_number = {account.number: account for account in accounts}
    children: dict[str, list[ParsedAccount]] = {}
    for account in accounts:
        children.setdefault(account.parent, []).append(account)
    root = plan_title(plan) or title
    for digit, group in groupby(accounts, key=lambda account: account.account_class):
        tops = [account for account in children[""] if account.account_class == digit]
        # A row of one digit is the class itself.
        own = by_number.get(str(digit))
        yield _class_entry(
            digit,
            own.label if own else class_title(plan, digit),
            children[own.number] if own and own.number in children else tops,
            plan,
            root,
        )
        for account in group:
            if account is not own:
                yield _account_entry(account, by_number, children, root)


def _class_entry(digit: int, label: str, tops: Sequence[ParsedAccount], plan: str, root: str) -> _Entry:
    name = class_named(digit, label)
    text = f"{name}\nComptes de la classe {digit} : {listed([_named(account) for account in tops])}"
    above = searched_headings((root,), plan)
    return _Entry(
        text=text,
        title=name,
        locator=_located(f"Classe {digit}", plan),
        path=tuple(part for part in (root,) if part),
        references=(class_reference(plan, str(digit)),) if plan else (),
        search_text="\n".join(part for part in (*above, f"classe {digit} comptes de classe {digit}", text) if part),
        plan=plan,
        depth=1,
    )


def _account_entry(
    account: ParsedAccount, by_number: dict[str, ParsedAccount], children: dict[str, list[ParsedAccount]], root: str
) -> _Entry:
    above = tuple(reversed(tuple(_ancestors(account, by_number))))
    below = children.get(account.number, ())
    passage = account_passage(
        _named(account),
        plan=account.plan,
        root=root,
        above=[_named(each) for each in above],
        below=[_named(each) for each in below],
    )
    return _Entry(
        text=passage.text,
        title=passage.text.partition("\n")[0],
        locator=_located(f"Compte {account.number}", account.plan),
        path=passage.headings,
        references=(account_reference(account.plan, account.number),) if account.plan else (),
        search_text=passage.search_text,
        plan=account.plan,
        depth=len(above) + 2,
    )


def _ancestors(account: ParsedAccount, by_number: dict[str, ParsedAccount]) -> Iterator[ParsedAccount]:
    """From the nearest up; a row of one digit is the class and already stands above."""
    number = account.parent
    while len(number) > 1:
        yield by_number[number]
        number = by_number[number].parent


def _named(account: ParsedAccount) -> Named:
    return Named(account.number, account.label)


def _located(locator: str, plan: str) -> str:
    # The former chart is never to be mistaken for the one in force.
    return f"{locator} ({plan_title(plan)})" if plan == PLAN_FORMER else locator


def _placed(entries: Sequence[_Entry], accounts: tuple[ParsedAccount, ...]) -> Chunked:
    passages: list[ChunkedPassage] = []
    outline: list[OutlineEntry] = []
    periods = {account.plan: account.in_force for account in accounts}
    position = 0
    for ordinal, entry in enumerate(entries):
        end = position + len(entry.text)
        if entry.depth <= 2:
            outline.append(OutlineEntry(entry.title, entry.depth, position))
        passages.append(
            ChunkedPassage(
                ordinal=ordinal,
                text=entry.text,
                locator=entry.locator,
                heading_path=entry.path,
                page=None,
                span=(position, end),
                token_count=count_tokens(entry.text),
                references=entry.references,
                search_text=entry.search_text,
                plan=entry.plan,
                in_force=periods[entry.plan],
            )
        )
        position = end + 2
    return Chunked("\n\n".join(entry.text for entry in entries), tuple(passages), tuple(outline), accounts)
