"""The questions that Kauri's predecessor was asked, over a few of the texts: found and cited, or refused.

All of them over all texts: benchmarks/earlier_questions.py. The questions themselves are read where they are present.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.config import RagConfig
from apps.rag.generation.answer import generate
from apps.rag.tests.datasets import needs_data, read_lines
from apps.rag.tests.earlier import expectations, verdict
from apps.rag.tests.entries import account, article, entry, scope
from apps.rag.types import NewEntry, Question
from apps.rag.understanding.references import PLAN_REVISED, class_reference
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

ARBITRATION = {"code": "AUA", "document_title": "Acte uniforme relatif au droit de l'arbitrage", "version": "AUA"}
COURT = {"code": "RACCJA", "document_title": "Règlement d'arbitrage de la CCJA", "version": "RACCJA"}
TREATY = {"code": "TRAITE", "document_title": "Traité OHADA", "version": "TRAITE"}
COMPANIES = {"document_title": "Acte uniforme relatif au droit des sociétés commerciales et du GIE"}
TEXTS = (
    article("1", "Toute société commerciale dont le siège social est situé dans un État partie est soumise aux"
            " dispositions du présent Acte uniforme.", **COMPANIES),
    article("203", "Ces règles ne s'appliquent pas aux liquidations régies par l'Acte uniforme portant organisation"
            " des procédures collectives d'apurement du passif.", ordinal=203, **COMPANIES),
    article("330", "Les gérants de la SARL répondent des fautes commises dans leur gestion.", ordinal=330,
            heading_path=("Société à responsabilité limitée", "Gérance"), **COMPANIES),
    article("328", "Les obligations des gérants de la SARL sont fixées par les associés.", ordinal=328,
            heading_path=("Société à responsabilité limitée", "Gérance"), **COMPANIES),
    article("329", "Les gérants de la SARL engagent la société par leurs actes.", ordinal=329,
            heading_path=("Société à responsabilité limitée", "Gérance"), **COMPANIES),
    article("331", "L'action contre les gérants de la SARL se prescrit par trois ans.", ordinal=331,
            heading_path=("Société à responsabilité limitée", "Gérance"), **COMPANIES),
    article("747", "Le nantissement est constitué conformément à l'Acte uniforme portant organisation des sûretés.",
            ordinal=747, **COMPANIES),
    article("1", "Le présent Acte uniforme a vocation à s'appliquer à tout arbitrage.", **ARBITRATION),
    article("14", "Les parties peuvent régler la procédure arbitrale.", ordinal=14, **ARBITRATION),
    article("13", "La procédure d'arbitrage est suspendue par la récusation.", ordinal=13, **ARBITRATION),
    article("16", "La procédure d'arbitrage prend fin par la sentence.", ordinal=16, **ARBITRATION),
    article("2", "La Cour administre les arbitrages.", **COURT),
    article("3", "Les tâches prévues au Traité sont assurées par l'Organisation pour l'Harmonisation en Afrique du"
            " Droit des Affaires (OHADA).", **TREATY),
    account("401", "FOURNISSEURS, DETTES EN COMPTE"),
    account("512", "EFFETS A L'ENCAISSEMENT"),
    entry("Classe 7", "Classe 7 : Comptes de produits\nComptes de la classe 7 : 70 VENTES ; 75 AUTRES PRODUITS",
          kind="chart", code="PCO", plan=PLAN_REVISED, namespace="syscohada_revise", version=PLAN_REVISED,
          references=(class_reference(PLAN_REVISED, "7"),)),
)  # fmt: skip
# What the few texts here can tell: the articles that they hold, and what must be refused, but for a comparison that
# takes all texts to be told from an answer.
HELD = frozenset(f"kauri-{number}" for number in ("01", "16", "19", "27", "29", "39", "43", "44"))
NOT_HERE = "kauri-04"


def test_each_question_has_one_expectation_with_its_reason() -> None:
    told = expectations()
    assert len(told) == len({each.question_id for each in told}) == 40
    assert all(each.because for each in told)


@needs_data
async def test_the_earlier_questions_are_answered_from_the_expected_passages_or_refused(tmp_path: Path) -> None:
    rows = map(json.loads, read_lines("queries/kauri_2025_questions_with_old_answers.jsonl"))
    texts = {row["id"]: row["text"] for row in rows}
    await run_db(_index)
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    missed: list[str] = []
    for each in expectations():
        if each.question_id == NOT_HERE or (each.expected and each.question_id not in HELD):
            continue
        question = Question(texts[each.question_id], scope())
        result = await engine.search(question)
        events = [event async for event in generate(question, result, providers=(), config=RagConfig())]
        told = verdict(each, events)
        missed += [] if told.is_met else [f"{each.question_id}: {told.got}"]
    await engine.close()
    assert not missed


def _index(entries: tuple[NewEntry, ...] = TEXTS) -> None:
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.entries_embed(version_id)
        indexer.version_publish(version_id)
