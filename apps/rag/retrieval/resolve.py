"""From references that were asked for to the entries that carry them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from apps.rag import analysis
from apps.rag.stores.postgres import Hydrated, ReferenceHit
from apps.rag.types import Reference
from apps.rag.understanding.reading import ANY_ACT
from apps.rag.understanding.references import (
    PLAN_FORMER,
    PLAN_REVISED,
    account_reference,
    article_keys,
    article_reference,
    class_reference,
    says_account,
)

# The number that `127quinquies` or `86a` was put behind.
_INSERTED = re.compile(r"^\d+(?=[a-z])")
# Articles of codes are numbered L. (laws), R. and D. (decrees): people name them by the number alone.
_PREFIXES = ("l", "r", "d")
_BEGINNING = 300  # characters of a passage that say what it is about


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reference with the keys to look up.

    `keys` are it; `prefixed_keys` are the articles L., R. and D. of that number; `stand_in_keys` may hold it or stand
    in for it; `near_keys` are what to show beside it: of an account those above it, nearest first, then those right
    under it; of a class its accounts.
    """

    reference: Reference
    keys: tuple[str, ...]
    stand_in_keys: tuple[str, ...] = ()
    near_keys: tuple[str, ...] = ()
    prefixed_keys: tuple[str, ...] = ()


def wanted(references: Iterable[Reference], codes: Iterable[str]) -> tuple[Wanted, ...]:
    """Turn references into keys; an article without an act is sought in each of `codes`."""
    return tuple(_wanted(reference, sorted(codes)) for reference in references)


def _wanted(reference: Reference, codes: Sequence[str]) -> Wanted:
    number = reference.number
    if reference.kind == "article":
        sources = codes if reference.source == ANY_ACT else [reference.source]
        keys = tuple(key for code in sources for key in article_keys(code, number))
        # an amended article such as 269-2-1 may stand inside the passage of 269-2
        parents = [number.rsplit("-", depth)[0] for depth in range(1, number.count("-") + 1)]
        parents += [match[0]] if (match := _INSERTED.match(number)) else []
        prefixes = _PREFIXES if number[:1].isdigit() else ()
        return Wanted(
            reference,
            keys,
            tuple(article_reference(code, parent) for code in sources for parent in parents),
            prefixed_keys=tuple(
                article_reference(code, f"{prefix}{number}") for code in sources for prefix in prefixes
            ),
        )
    if reference.kind == "case":
        return Wanted(reference, (reference.key,))
    under = tuple(account_reference(reference.source, f"{number}{digit}") for digit in range(10))
    if reference.kind == "class":
        # a chart need not have a row for a class: then its two-digit accounts say what it holds
        return Wanted(reference, (class_reference(reference.source, number),), under, under)
    # an account that the revised chart dropped is shown from the former one
    former = (account_reference(PLAN_FORMER, number),) if reference.source == PLAN_REVISED else ()
    above = tuple(account_reference(reference.source, number[:n]) for n in range(len(number) - 1, 1, -1))
    return Wanted(reference, (account_reference(reference.source, number),), former, (*above, *under))


def lookup_keys(sought: Iterable[Wanted]) -> list[str]:
    """Return every key to look up, each once."""
    return list(
        dict.fromkeys(
            key for each in sought for key in (*each.keys, *each.prefixed_keys, *each.stand_in_keys, *each.near_keys)
        )
    )


@dataclass(frozen=True, slots=True)
class Resolved:
    """Entries that answer the references, in the order asked; references that nothing carries, and what is near."""

    entry_ids: tuple[int, ...]
    missing: tuple[Reference, ...]
    near_ids: tuple[int, ...]


def resolve(
    sought: Iterable[Wanted],
    hits: Sequence[ReferenceHit],
    hydrated: Mapping[int, Hydrated],
    asked: AbstractSet[str] = frozenset(),
) -> Resolved:
    """Choose among the admitted entries those that each reference means.

    `asked` holds the question's index terms: of several texts with an article of that number, the one comes first
    whose title and headings say most of them.
    """
    found: dict[int, None] = {}
    near: dict[int, None] = {}
    missing: list[Reference] = []
    admitted = [hit for hit in hits if hit.entry_id in hydrated]
    for each in sought:
        chosen = _carrying(each.keys, admitted) or _carrying(each.prefixed_keys, admitted)
        if not chosen:
            stand_ins = _carrying(each.stand_in_keys, admitted)
            chosen = [hit for hit in stand_ins if _stands_in(each.reference, hydrated[hit.entry_id])]
        if not chosen and not _is_implied(each.reference):
            missing.append(each.reference)
        near.update((hit.entry_id, None) for key in each.near_keys for hit in admitted if key in hit.references)
        told = {hit.entry_id: _told(hydrated[hit.entry_id], asked) for hit in chosen} if len(chosen) > 1 else {}
        ordered = sorted(chosen, key=lambda hit: _preference(each.reference, hit, hydrated[hit.entry_id], told))
        found.update(dict.fromkeys(hit.entry_id for hit in ordered))
    return Resolved(tuple(found), tuple(missing), tuple(entry_id for entry_id in near if entry_id not in found))


def are_told(references: Iterable[Reference], texts: Sequence[str]) -> bool:
    """Tell whether all of the references are accounts that some of the texts speak of."""
    return all(each.kind == "account" and any(says_account(each.number, text) for text in texts) for each in references)


def _carrying(keys: Iterable[str], hits: Iterable[ReferenceHit]) -> list[ReferenceHit]:
    return [hit for hit in hits if set(keys) & set(hit.references)]


def _is_implied(reference: Reference) -> bool:
    """Tell whether nobody named an article: the first one of an act that a question asks about as such."""
    return not reference.is_explicit and reference.source != ANY_ACT


def _stands_in(reference: Reference, entry: Hydrated) -> bool:
    if reference.kind != "article":
        return True
    number = re.sub(r"(?<=\d)(?=[a-z])", r"[\\s-]*", re.escape(reference.number)).replace(r"\-", r"\s*[-–]\s*")
    return re.search(rf"(?im)(?:^|\barticle\s+|\bart\.?\s*){number}(?![-–\d])", entry.passage.text) is not None


def _told(entry: Hydrated, asked: AbstractSet[str]) -> int:
    """Return how many of the question's terms the names and the beginning of a passage say."""
    passage = entry.passage
    return len(
        asked & set(_terms(" ".join((passage.document_title, *passage.heading_path, passage.text[:_BEGINNING]))))
    )


@lru_cache(maxsize=4_096)
def _terms(text: str) -> tuple[str, ...]:
    return tuple(analysis.terms(text))


def _preference(
    reference: Reference, hit: ReferenceHit, entry: Hydrated, told: Mapping[int, int]
) -> tuple[bool, bool, int, bool, int, int]:
    passage = entry.passage
    is_aside = reference.kind != "article" and not passage.plan
    says = -told.get(hit.entry_id, 0)
    return (passage.kind == "sample", is_aside, says, hit.is_national, hit.ordinal, hit.entry_id)
