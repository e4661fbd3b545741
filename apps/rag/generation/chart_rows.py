"""Accounts and classes read from passages of a chart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.rag.generation.quotes import Found
from apps.rag.types import Passage, RankedPassage
from apps.rag.understanding.charts import ACCOUNT_LINE

_CLASS = re.compile(r"^Classe[ \u00a0]+(?P<number>\d)[ \u00a0]*:[ \u00a0]*(?P<label>\S.*)$", re.MULTILINE)
_PARENT = re.compile(r"^Subdivision du compte (?P<number>\d+) : (?P<label>.+)$", re.MULTILINE)
_BELOW = re.compile(r"^(?:Sous-comptes|Comptes de la classe \d) : (?P<list>.+)$", re.MULTILINE)
_LISTED = re.compile(r"(\d{1,8}) (.+?)(?= ; \d|\Z)")
# The number of a note under the printed chart: "hors Région (5)".
_NOTE = re.compile(r"[ \u00a0]*\(\d\)\Z")
_LOCATOR = re.compile(r"(compte|classe)\s+(\d{1,8})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """A number with its label, word for word but for the mark of a note."""

    number: str
    label: str

    @property
    def is_continued(self) -> bool:
        """Tell whether the label only goes on with that of the account above: "hors Région"."""
        return self.label[:1].islower()


@dataclass(frozen=True, slots=True)
class ChartRow:
    """What a passage of a chart says.

    `index` counts passages from 0, `parent` is None at the top of a class, `class_title` is "" where unknown.
    """

    account: Account
    is_class: bool
    parent: Account | None
    below: tuple[Account, ...]
    class_title: str
    plan: str
    index: int

    @property
    def class_digit(self) -> str:
        """The class: the first digit of any account number."""
        return self.account.number[0]


def chart_rows(passages: Sequence[RankedPassage]) -> tuple[ChartRow, ...]:
    """Return what the chart passages among `passages` say, in their order; others are left out."""
    rows = (_row(ranked.passage, index) for index, ranked in enumerate(passages) if is_chart(ranked.passage))
    return tuple(row for row in rows if row is not None)


def is_chart(passage: Passage) -> bool:
    """Tell whether a passage is an account or a class of a chart."""
    return bool(passage.plan or passage.kind == "chart") and _LOCATOR.match(passage.locator) is not None


def label_place(passage: Passage, words: str) -> Found | None:
    """Return where words stand as the whole label of an account in a chart's passage; None where they are no label.

    The first place is not enough: "BANQUES" of account 52 also begins "BANQUES LOCALES".
    """
    if not is_chart(passage):
        return None
    whole = re.search(rf"(?m)(?:^|: |\d )({re.escape(words.strip())})(?: ?\(\d\))?(?=$| ; )", passage.text)
    return Found(whole.start(1), whole.end(1)) if whole else None


def _row(passage: Passage, index: int) -> ChartRow | None:
    is_class = passage.locator.lower().startswith("classe")
    own = (_CLASS if is_class else ACCOUNT_LINE).search(passage.text)
    if own is None:
        return None
    parent = _PARENT.search(passage.text)
    below = _BELOW.search(passage.text)
    return ChartRow(
        account=_account(own["number"], own["label"]),
        is_class=is_class,
        parent=_account(parent["number"], parent["label"]) if parent else None,
        below=tuple(_account(n, label) for n, label in _LISTED.findall(below["list"])) if below else (),
        class_title=_class_title(passage),
        plan=passage.plan,
        index=index,
    )


def _account(number: str, label: str) -> Account:
    return Account(number, _NOTE.sub("", label.strip()))


def _class_title(passage: Passage) -> str:
    titles = (_CLASS.match(heading) for heading in passage.heading_path)
    return next((match["label"].strip() for match in titles if match), "")
