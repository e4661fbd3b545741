"""Reads evaluation sets: corpora, charts of accounts and topics, from KAURI_DATA_DIR."""

from __future__ import annotations

import csv
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from apps.rag.types import InForce, NewEntry, Span
from apps.rag.understanding.references import (
    PLAN_FORMER,
    PLAN_REVISED,
    account_reference,
    article_reference,
)

_SPACE = uuid.UUID("5c1d3a52-94c1-4a0e-9d53-0f2c3b1f7a10")
_EVER = InForce(None, None)
_CODES = {"REGARBCCJA": "RACCJA", "REGPROCCCJA1996": "RPCCJA", "REGPROCCCJA2014": "RPCCJA"}
_PERIODS = {
    "cgi_congo_2025": InForce(date(2025, 1, 1), date(2026, 1, 1)),
    "cgi_congo_2026": InForce(date(2026, 1, 1), None),
}
_CHART = "ohada_texts/plan_comptable_syscohada_revise_extrait.csv"


@dataclass(frozen=True, slots=True)
class Topic:
    """A question with its judgements: `gold` are reference keys, any of whose entries is relevant."""

    topic_id: str
    kind: str
    corpus: str
    text: str
    gold: tuple[str, ...]
    must_refuse: bool
    as_of: date | None
    history: tuple[str, ...]


def corpus_namespace(corpus: str) -> str:
    """Return the namespace of an evaluation corpus; no person's scope ever holds it."""
    return f"eval_{corpus}"


def topics_read(data_dir: Path) -> list[Topic]:
    """Return the development questions."""
    return [_topic(row) for row in _rows(data_dir / "questions" / "ohada_dev.jsonl")]


def set_topics(data_dir: Path, name: str, limit: int) -> list[Topic]:
    """Return the first `limit` questions of a retrieval set."""
    rows = list(_rows(data_dir / "retrieval" / name / "questions.jsonl"))[:limit]
    return [
        Topic(
            topic_id=row["id"],
            kind="set",
            corpus=name,
            text=row["text"],
            gold=_gold(name, row["relevant"]),
            must_refuse=False,
            as_of=_day_in(name),
            history=(),
        )
        for row in rows
    ]


def corpus_entries(data_dir: Path, corpus: str) -> Iterator[NewEntry]:
    """Yield the passages of a corpus as entries of its evaluation namespace."""
    if corpus == "chart":
        return _chart_entries(data_dir)
    rows = _rows(data_dir / "retrieval" / corpus / "corpus.jsonl")
    return (_article_entry(corpus, ordinal, row) for ordinal, row in enumerate(rows))


def version_of(corpus: str) -> uuid.UUID:
    """Return the version id that all entries of an evaluation corpus carry."""
    return uuid.uuid5(_SPACE, corpus)


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _topic(row: dict[str, Any]) -> Topic:
    corpus = str(row["corpus"])
    as_of = date.fromisoformat(str(row["as_of"])) if row["as_of"] else _day_in(corpus)
    return Topic(
        str(row["id"]),
        str(row["kind"]),
        corpus,
        str(row["text"]),
        _gold(corpus, row["relevant"]),
        bool(row["must_refuse"]),
        as_of,
        tuple(row["history"]),
    )


def _day_in(corpus: str) -> date | None:
    period = _PERIODS.get(corpus)
    return period.start if period else None


def _gold(corpus: str, relevant: Iterable[str]) -> tuple[str, ...]:
    if corpus == "chart":
        return tuple(
            key
            for number in relevant
            for key in (account_reference(PLAN_REVISED, number), account_reference(PLAN_FORMER, number))
        )
    return tuple(_key(corpus, each) for each in relevant)


def _key(corpus: str, passage: str) -> str:
    if corpus != "ohada_actes":
        return f"eval:{passage}"
    prefix, _, number = passage.partition(" ")
    # the amending rules of 2014 are three passages without articles of their own
    return f"eval:{passage}" if prefix == "REGPROCCCJA2014" else article_reference(_CODES.get(prefix, prefix), number)


def _article_entry(corpus: str, ordinal: int, row: dict[str, Any]) -> NewEntry:
    prefix, _, number = row["id"].partition(" ")
    code = _CODES.get(prefix, prefix) if corpus == "ohada_actes" else "CGI"
    title = row["title"].split(" - ")[0] if corpus == "ohada_actes" else "Code général des impôts du Congo"
    own = "" if corpus == "ohada_actes" else row["title"]
    number = number if corpus == "ohada_actes" else re.sub(r"^Art\._|_\(.*$", "", row["id"].partition("#")[2])
    locator = f"{code} art. {number}"
    key = _key(corpus, row["id"])
    return _entry(
        corpus=corpus,
        name=row["id"],
        ordinal=ordinal,
        kind="law",
        code=code,
        title=title,
        locator=locator,
        plan="",
        text=row["text"],
        heading_path=(own,) if own else (),
        references=tuple(dict.fromkeys((key, article_reference(code, number)))),
    )


def _chart_entries(data_dir: Path) -> Iterator[NewEntry]:
    with (data_dir / _CHART).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = {(row["plan"], row["compte"]): row["libelle"] for row in rows}
    for ordinal, row in enumerate(rows):
        number, name = row["compte"], row["plan"]
        plan = PLAN_REVISED if "revise" in name else PLAN_FORMER
        parents = [labels.get((name, number[:n])) for n in range(2, len(number))]
        yield _entry(
            corpus="chart",
            name=f"{plan} {number}",
            ordinal=ordinal,
            kind="chart",
            code="PCO",
            title="Plan de comptes",
            locator=f"Compte {number}",
            plan=plan,
            text=f"{number} {row['libelle']}",
            heading_path=tuple(f"{number[: n + 2]} {label}" for n, label in enumerate(parents) if label),
            references=(account_reference(plan, number),),
        )


def _entry(
    *,
    corpus: str,
    name: str,
    ordinal: int,
    kind: str,
    code: str,
    title: str,
    locator: str,
    plan: str,
    text: str,
    heading_path: tuple[str, ...],
    references: tuple[str, ...],
) -> NewEntry:
    return NewEntry(
        passage_id=uuid.uuid5(_SPACE, f"{corpus}/{name}"),
        document_id=version_of(corpus),
        version_id=version_of(corpus),
        namespace=corpus_namespace(corpus),
        organisation_id=None,
        country=None,
        kind=kind,
        code=code,
        document_title=title,
        locator=locator,
        heading_path=heading_path,
        ordinal=ordinal,
        page=None,
        span=Span(0, len(text)),
        in_force=_PERIODS.get(corpus, _EVER),
        plan=plan,
        text=text,
        references=references,
        search_text="\n".join((title, locator, *heading_path, text)),
    )
