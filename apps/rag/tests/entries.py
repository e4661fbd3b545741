"""Entries for the tests of retrieval: own short texts and a handful of articles."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid5

from apps.rag.types import InForce, NewEntry, Scope, Span
from apps.rag.understanding.references import PLAN_REVISED, account_reference, article_reference

SPACE = UUID(int=42)
TODAY = date(2026, 11, 22)
NAMESPACES = ("references", "syscohada_revise")
EVER = InForce(None, None)


def scope(**changes: object) -> Scope:
    """Return today's scope over the shared base."""
    values: dict[str, object] = {"namespaces": NAMESPACES, "organisation_ids": (), "as_of": TODAY, **changes}
    return Scope(**values)  # type: ignore[arg-type]  # values are named by each test


def entry(name: str, text: str, **changes: object) -> NewEntry:
    """Return an entry of version `version`; `name` makes its passage id."""
    version = uuid5(SPACE, str(changes.pop("version", "one")))
    values: dict[str, object] = {
        "passage_id": uuid5(version, name),
        "document_id": version,
        "version_id": version,
        "namespace": "references",
        "organisation_id": None,
        "country": None,
        "kind": "law",
        "code": "AUSCGIE",
        "document_title": "Acte uniforme",
        "locator": name,
        "heading_path": (),
        "ordinal": 0,
        "page": None,
        "span": Span(0, len(text)),
        "in_force": EVER,
        "plan": "",
        "text": text,
        "references": (),
        "search_text": f"{name}\n{text}",
        **changes,
    }
    return NewEntry(**values)  # type: ignore[arg-type]  # values are named by each test


def article(number: str, text: str, **changes: object) -> NewEntry:
    """Return an article of the AUSCGIE."""
    code = str(changes.get("code", "AUSCGIE"))
    references = (article_reference(code, number),)
    return entry(f"{code} art. {number}", text, **{"references": references, **changes})


def account(number: str, label: str, plan: str = PLAN_REVISED, **changes: object) -> NewEntry:
    """Return a row of the chart of accounts."""
    return entry(
        f"Compte {number}",
        f"Compte {number} : {label}",
        **{
            "references": (account_reference(plan, number),),
            "plan": plan,
            "kind": "chart",
            "code": "PCO",
            "namespace": "syscohada_revise",
            "version": plan,
            **changes,
        },
    )
