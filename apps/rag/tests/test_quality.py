"""Retrieval quality on a committed golden set, with the built-in model and without one: it must not fall."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.evaluation.metrics import mean, ndcg_at, reciprocal_rank
from apps.rag.tests.entries import account, article, entry, scope
from apps.rag.types import NewEntry, Question
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

SARL, SA = ("Société à responsabilité limitée",), ("Société anonyme",)
SARL_CAPITAL = (*SARL, "Capital")
TEXTS = (
    article("311", "Le capital social doit être d'un million de francs CFA au moins.", heading_path=SARL_CAPITAL),
    article("323", "La société est gérée par des personnes physiques, associées ou non.", heading_path=SARL),
    article("326", "Le gérant est révocable par décision des associés ; sans juste motif il a droit à des dommages.",
            heading_path=SARL),
    article("337", "Les associés sont convoqués quinze jours au moins avant la réunion.", heading_path=SARL),
    article("346", "Un dixième au moins du bénéfice est affecté à la réserve légale, jusqu'au cinquième du capital.",
            heading_path=SARL),
    article("376", "Les sociétés qui passent deux des seuils désignent un commissaire aux comptes.", heading_path=SARL),
    article("387", "Le capital social minimum est fixé à dix millions de francs CFA.", heading_path=(*SA, "Capital")),
    article("420", "La durée du mandat des administrateurs ne peut excéder six ans.", heading_path=SA),
    article("455", "Les administrateurs sont tenus à la discrétion sur ce qui est confidentiel.", heading_path=SA),
    article("697", "Les fonctions de commissaire aux comptes excluent tout emploi salarié.", heading_path=SA),
    article("717", "Le commissaire aux comptes est astreint au secret professionnel.", heading_path=SA),
    article("24", "Le siège social est fixé au choix des associés au lieu du principal établissement."),
    article("200", "La société prend fin par l'expiration du temps pour lequel elle a été constituée."),
    article("204", "La dissolution entraîne la mise en liquidation ; la mention société en liquidation suit son nom."),
    account("401", "FOURNISSEURS, DETTES EN COMPTE"),
    account("411", "CLIENTS"),
    account("521", "BANQUES LOCALES"),
    account("571", "CAISSE SIÈGE SOCIAL"),
    account("6052", "Fournitures non stockables - Électricité"),
    account("2451", "Matériel automobile"),
    account("4441", "État, TVA due"),
    account("111", "RÉSERVE LÉGALE"),
)  # fmt: skip
GOLDEN = (
    ("Quel est le capital minimum d'une SARL ?", "AUSCGIE art. 311"),
    ("capital minimal d'une SA", "AUSCGIE art. 387"),
    ("quel est le capital de la sa", "AUSCGIE art. 387"),
    ("what is the minimum share capital of an SARL?", "AUSCGIE art. 311"),
    ("À quoi correspond le compte 401 ?", "Compte 401"),
    ("qui convoque les associés", "AUSCGIE art. 337"),
    ("qui dirige la sarl", "AUSCGIE art. 323"),
    ("peut-on virer le gérant sans motif", "AUSCGIE art. 326"),
    ("combien de jours avant l'assemblée faut-il convoquer les associés", "AUSCGIE art. 337"),
    ("reserve legale d'une sarl : combien chaque année", "AUSCGIE art. 346"),
    ("quand nommer un CAC dans une sarl ?", "AUSCGIE art. 376"),
    ("durée du mandat d'un administrateur", "AUSCGIE art. 420"),
    ("le commissaire au compte peut il etre salarié", "AUSCGIE art. 697"),
    ("Le CAC doit-il garder le secret ?", "AUSCGIE art. 717"),
    ("où fixer l'adresse de l'entreprise", "AUSCGIE art. 24"),
    ("que se passe-t-il quand on ferme la société : liquidation", "AUSCGIE art. 204"),
    ("numero de compte pour la facture d'électricité", "Compte 6052"),
    ("j'achète une camionnette, quel compte ?", "Compte 2451"),
    ("quel compte pour la TVA due", "Compte 4441"),
    ("réserve légale numéro ?", "Compte 111"),
    ("c koi le 521", "Compte 521"),
    ("comissaire aux conptes emploi salarie exclu", "AUSCGIE art. 697"),
)
UNANSWERABLE = (
    "Quelle est la capitale de l'Australie ?",
    "Comment faire pousser des tomates sous serre ?",
    "Qui a gagné la coupe du monde de football ?",
    "Quelles mentions obligatoires sur une lettre de change ?",
    "Combien coûte un passeport ?",
    "Qui gagne ?",
    "compte 7777",
    "art 999 auscgie",
)


@pytest.mark.parametrize(("embedder", "floor"), [("none", 0.90), ("builtin", 0.93)])
async def test_the_golden_questions_find_their_passages(
    embedder: str, floor: float, tmp_path: Path, settings: object
) -> None:
    settings.KAURI_EMBEDDER = embedder  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
    await run_db(_index)
    engine = build_engine(index_dir=tmp_path, embedder=embedder)
    await engine.warm()
    gains: list[float] = []
    ranks: list[float] = []
    for text, wanted in GOLDEN:
        result = await engine.search(Question(text, scope()))
        found = [place for place, each in enumerate(result.passages) if each.passage.locator == wanted]
        gains.append(ndcg_at(range(10), found, 10) if found else 0.0)
        ranks.append(reciprocal_rank(range(10), found, 10))
    assert mean(gains) >= floor, (mean(gains), mean(ranks), [GOLDEN[n] for n, gain in enumerate(gains) if gain < 1])
    for text in UNANSWERABLE:
        assert not (await engine.search(Question(text, scope()))).is_answerable, text


async def test_a_follow_up_on_another_form_finds_that_forms_rule(tmp_path: Path) -> None:
    await run_db(_index)
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    result = await engine.search(Question("et pour une SA ?", scope(), ("Quel est le capital minimum d'une SARL ?",)))
    assert result.is_answerable
    assert result.passages[0].passage.locator == "AUSCGIE art. 387"


async def test_a_text_comes_before_the_sample_that_says_it_in_the_readers_words(tmp_path: Path) -> None:
    summary = entry(
        "Capital de la SARL",
        "Le capital social minimum d'une SARL est d'un million (1 000 000) de francs CFA.",
        kind="sample", code="", document_title="SARL et SA : comparaison", version="samples",
    )  # fmt: skip
    alone = entry(
        "La révision du Traité",
        "Le Traité de l'OHADA a été révisé à Québec le 17 octobre 2008.",
        kind="sample", code="", document_title="Le Traité OHADA", version="samples",
    )  # fmt: skip
    await run_db(_index, (*TEXTS, summary, alone))
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    both = await engine.search(Question("Quel est le capital minimum d'une SARL ?", scope()))
    assert both.passages[0].passage.locator == "AUSCGIE art. 311"
    assert [ranked.rank for ranked in both.passages] == list(range(1, len(both.passages) + 1))
    only = await engine.search(Question("Quand le Traité de l'OHADA a-t-il été révisé ?", scope()))
    assert only.is_answerable
    assert only.passages[0].passage.locator == "La révision du Traité"


async def test_no_other_act_answers_for_one_that_is_not_there(tmp_path: Path) -> None:
    await run_db(_index)
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    held = await engine.search(Question("Que dit l'AUSCGIE sur le capital social d'une SARL ?", scope()))
    absent = await engine.search(Question("Que dit l'acte uniforme sur les sûretés sur le capital social ?", scope()))
    assert held.is_answerable
    assert not absent.is_answerable


def _index(entries: tuple[NewEntry, ...] = TEXTS) -> None:
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.entries_embed(version_id)
        indexer.version_publish(version_id)
