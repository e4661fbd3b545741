"""Passages and search results for the tests of answers."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

from apps.rag.tests.datasets import read_lines
from apps.rag.types import (
    InForce,
    Passage,
    Question,
    RankedPassage,
    Reference,
    Scope,
    SearchResult,
    Span,
    Understanding,
)

_SPACE = UUID(int=1)
TODAY = date(2026, 11, 22)

ART_311 = (
    "Sauf dispositions nationales contraires, le capital social doit être d'un million (1.000.000) de francs CFA au"
    " moins. Il\nest divisé en parts sociales égales dont la valeur nominale ne peut être inférieure à cinq mille"
    " (5.000) francs CFA."
)
ART_346 = (
    "Il est obligatoirement constitué sur le bénéfice de l'exercice diminué, le cas échéant, des pertes antérieures,"
    " une dotation égale à un dixième au moins affectée à la formation d'un fonds de réserve dit « réserve légale »."
    " Cette dotation cesse d'être obligatoire lorsque la réserve atteint le cinquième du montant du capital social."
)
ART_697 = (
    "Les fonctions de commissaire aux comptes sont incompatibles :\n"
    "1°) avec toute activité de nature à porter atteinte à son indépendance ;\n"
    "2°) avec tout emploi salarié ;\n"
    "3°) avec toute activité commerciale."
)
ACCOUNT_401 = (
    "Compte 401 : FOURNISSEURS, DETTES EN COMPTE\n"
    "Subdivision du compte 40 : FOURNISSEURS ET COMPTES RATTACHES\n"
    "Sous-comptes : 4011 Fournisseurs ; 4012 Fournisseurs - Groupe"
)


def passage(locator: str, text: str, /, *, start: int = 1_000, **changes: object) -> Passage:
    """Return a passage of the law whose code is the locator's first word."""
    code = locator.split(maxsplit=1)[0]
    made = Passage(
        entry_id=1,
        passage_id=uuid5(_SPACE, locator),
        document_id=uuid5(_SPACE, code),
        version_id=uuid5(_SPACE, f"{code} version"),
        namespace="references",
        organisation_id=None,
        country=None,
        kind="law",
        code=code,
        document_title="Acte uniforme relatif au droit des sociétés commerciales et du GIE",
        locator=locator,
        heading_path=(),
        ordinal=1,
        page=1,
        span=Span(start, start + len(text)),
        in_force=InForce(date(2014, 5, 5), None),
        plan="",
        text=text,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name, checked by dataclasses


def account(number: str, text: str, /, **changes: object) -> Passage:
    """Return an account of the revised chart."""
    heading_path = ("SYSCOHADA révisé", f"Classe {number[0]} : Comptes de tiers")
    made = passage(
        f"Compte {number}", text, kind="chart", code="PCO", plan="syscohada-revise", heading_path=heading_path
    )
    return replace(made, document_title="Plan de comptes", **changes)  # type: ignore[arg-type]  # as above


def question(text: str, *, language: str = "fr", history: tuple[str, ...] = ()) -> Question:
    """Return a question asked today over one namespace."""
    return Question(text, Scope(("references",), (), TODAY), history, language)


def found(
    *passages: Passage,
    references: tuple[Reference, ...] = (),
    intent: str = "rag_query",
    reason: str = "",
    scores: tuple[float, ...] = (),
    standalone: str = "",
) -> SearchResult:
    """Return a result with these passages, best first; with references, all of them exact."""
    ranked = tuple(
        RankedPassage(each, rank, scores[rank - 1] if scores else 1.0 / rank, (), bool(references))
        for rank, each in enumerate(passages, start=1)
    )
    labels = tuple(reference.label for reference in references)
    understanding = Understanding(intent, references, standalone, labels)
    return SearchResult(understanding, ranked, (), 0.9, not reason, reason, (), 0, 1, ())


def article(code: str, number: str) -> Reference:
    """Return a reference to an article."""
    return Reference(f"art:{code}:{number}", "article", code, number, f"{code}, art. {number}")


def account_number(number: str) -> Reference:
    """Return a reference to an account of the revised chart."""
    return Reference(f"compte:syscohada-revise:{number}", "account", "syscohada-revise", number, f"compte {number}")


def from_corpus(name: str, seed: int) -> tuple[Passage, ...]:
    """Return five passages of a public set."""
    rows = [json.loads(line) for line in read_lines(f"retrieval/{name}/corpus.jsonl")]
    chosen = random.Random(seed).sample([row for row in rows if 300 < len(row["text"]) < 2_500], 5)
    return tuple(passage((row["title"] or "x")[:80], row["text"], document_title="Texte") for row in chosen)
