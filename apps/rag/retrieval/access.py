"""Who may read what, as the full text knows it: one term for all that a scope looks at.

Passages of one document version share it, so there are few such terms however many passages there are; a scope is
turned into those that it admits, or those that it does not, and a search then follows their lists alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from apps.rag.types import Scope

_BEGINNING = 0
_FOREVER = date.max.toordinal() + 1
_BETWEEN = "\t"


@dataclass(frozen=True, slots=True)
class Access:
    """What decides whether a scope admits a passage; days are ordinals, in force from `start` until before `end`."""

    namespace: str
    organisation: str
    country: str
    start: int
    end: int

    @property
    def term(self) -> str:
        """Return it as the index keeps it."""
        return _BETWEEN.join((self.namespace, self.organisation, self.country, str(self.start), str(self.end)))


def access(
    namespace: str, organisation: str | None, country: str | None, start: date | None, end: date | None
) -> Access:
    """Return the access of an entry; None is everybody, every country, always."""
    first = start.toordinal() if start else _BEGINNING
    last = end.toordinal() if end else _FOREVER
    return Access(namespace, organisation or "", country or "", first, last)


def read(term: str) -> Access:
    """Read a term of the index. Raises ValueError."""
    namespace, organisation, country, start, end = term.rsplit(_BETWEEN, 4)
    return Access(namespace, organisation, country, int(start), int(end))


def divided(known: Iterable[Access], scope: Scope) -> tuple[Sequence[Access], Sequence[Access]]:
    """Return what a scope admits, and what it does not."""
    namespaces = frozenset(scope.namespaces)
    organisations = {"", *(str(organisation) for organisation in scope.organisation_ids)}
    day = scope.as_of.toordinal()
    admitted: list[Access] = []
    others: list[Access] = []
    for each in known:
        is_admitted = (
            each.namespace in namespaces
            and each.start <= day < each.end
            and each.organisation in organisations
            and (scope.country is None or each.country in {"", scope.country})
        )
        (admitted if is_admitted else others).append(each)
    return admitted, others
