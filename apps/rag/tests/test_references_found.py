"""References asked of the engine: the passage that carries one comes first, and what stands near it after it."""

import json
from pathlib import Path

import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.engine import Engine
from apps.rag.evaluation.chart import CHART_FILE, chart_read
from apps.rag.evaluation.corpus import corpus_read
from apps.rag.tests.datasets import FOLDER, needs_data
from apps.rag.tests.entries import NAMESPACES, account, article, entry, scope
from apps.rag.tests.phrasings import account_phrasings, article_phrasings
from apps.rag.types import NewEntry, Question, Scope
from apps.rag.understanding.references import PLAN_REVISED, case_reference
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

_EVERY = 12  # of so many articles and accounts, one is asked for
_CASES = Path(__file__).with_name("reference_cases.jsonl")


async def _engine(entries: tuple[NewEntry, ...], folder: Path) -> Engine:
    await run_db(_index, entries)
    engine = build_engine(index_dir=folder, embedder="none")
    await engine.warm()
    return engine


def _index(entries: tuple[NewEntry, ...]) -> None:
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)


async def _found(engine: Engine, text: str, *history: str) -> list[str]:
    result = await engine.search(Question(text, scope(), history))
    return [ranked.passage.locator for ranked in result.passages]


async def test_an_account_stands_before_those_above_it_and_under_it(tmp_path: Path) -> None:
    chart = [account("40", "Fournisseurs et comptes rattachés"), account("401", "Fournisseurs, dettes en compte")]
    chart += [account("4011", "Fournisseurs"), account("4012", "Fournisseurs Groupe"), account("411", "Clients")]
    engine = await _engine(tuple(chart), tmp_path)
    assert (await _found(engine, "compte 4011"))[:3] == ["Compte 4011", "Compte 401", "Compte 40"]
    assert (await _found(engine, "les comptes 401"))[:4] == ["Compte 401", "Compte 40", "Compte 4011", "Compte 4012"]


async def test_of_two_texts_with_that_article_the_one_that_is_spoken_of_comes_first(tmp_path: Path) -> None:
    def decree(about: str) -> NewEntry:
        return article("3", f"Le présent texte fixe {about}.", code="CGI", version=about, heading_path=(about,))

    subjects = ("les jeux de hasard", "la taxe sur les transferts de fonds", "les droits d'accises")
    engine = await _engine(tuple(map(decree, subjects)), tmp_path)
    result = await engine.search(Question("article 3 du CGI sur les transferts de fonds", scope()))
    assert result.passages[0].passage.heading_path == ("la taxe sur les transferts de fonds",)


async def test_an_inserted_article_is_found_however_it_is_written(tmp_path: Path) -> None:
    texts = [article(number, "Sont exonérés les revenus.", code="CGI") for number in ("86", "86-A", "127 quinquies")]
    # as it stood in indexes before the dash went
    kept = entry("CGI art. 171-B", "Sont imposés les revenus.", code="CGI", references=("art:CGI:171-b",))
    engine = await _engine((*texts, kept), tmp_path)
    for text in ("art 86A cgi", "article 86 A du CGI", "l'article 86-a du code général des impôts"):
        assert (await _found(engine, text))[0] == "CGI art. 86-A", text
    assert (await _found(engine, "CGI 127quinquies"))[0] == "CGI art. 127 quinquies"
    assert (await _found(engine, "art 171B cgi"))[0] == "CGI art. 171-B"


async def test_an_article_of_laws_or_decrees_is_found_by_its_number_alone(tmp_path: Path) -> None:
    said = {"L.100": "Le salarié est électeur.", "L.212": "Le délégué est élu.", "R.212": "Le vote est secret."}
    texts = [article(number, text, code="CT-SN") for number, text in {**said, "L.5": "Le salaire est dû."}.items()]
    engine = await _engine((*texts, article("5", "Le salaire est payé.", code="CT-SN", version="plain")), tmp_path)
    assert (await _found(engine, "l'article 100 du code du travail"))[0] == "CT-SN art. L.100"
    assert (await _found(engine, "art L.100 du code du travail"))[0] == "CT-SN art. L.100"
    assert set((await _found(engine, "article 212 du code du travail"))[:2]) == {"CT-SN art. L.212", "CT-SN art. R.212"}
    # the very number goes before what only ends in it
    result = await engine.search(Question("article 5 du code du travail", scope()))
    exact = [ranked.passage.locator for ranked in result.passages if ranked.is_exact_reference]
    assert exact == ["CT-SN art. 5"]


async def test_a_judgment_is_found_by_its_number(tmp_path: Path) -> None:
    keys = (case_reference("CCJA", "56", "2023"),)
    judged = entry("CCJA 056/2023", "La Cour rejette le pourvoi.", kind="case_law", code="", references=keys)
    engine = await _engine((judged, article("311", "Le capital social est d'un million.")), tmp_path)
    found = await engine.search(Question("Que dit l'arrêt n° 56/2023 de la CCJA ?", scope()))
    assert found.passages[0].passage.locator == "CCJA 056/2023"
    assert found.is_answerable
    missing = await engine.search(Question("CCJA, arrêt n° 999/2023", scope()))
    assert (missing.is_answerable, missing.refusal_reason) == (False, "reference_not_found")


@needs_data
async def test_sampled_references_come_first(tmp_path: Path) -> None:
    acts, chart = corpus_read(FOLDER / "retrieval" / "ohada_actes"), chart_read(FOLDER / CHART_FILE)
    articles = [each.entry for each in acts.passages if each.entry.code in ("AUSCGIE", "AUA")]
    accounts = [each.entry for each in chart.passages if each.entry.plan == PLAN_REVISED]
    chosen = (*articles[::_EVERY], *accounts[::_EVERY])
    engine = await _engine(chosen, tmp_path)
    where = Scope((*NAMESPACES, acts.namespace, chart.namespace), (), scope().as_of)
    wrong: list[str] = []
    for at, each in enumerate(chosen):
        number = each.locator.rpartition(" ")[2]
        texts = account_phrasings(number) if each.plan else article_phrasings(each.code, number)
        text = texts[at % len(texts)]
        result = await engine.search(Question(text, where))
        wrong += [] if result.passages and result.passages[0].passage.passage_id == each.passage_id else [text]
    assert len(wrong) <= len(chosen) // 100, wrong


@needs_data
async def test_the_cases_written_by_hand_come_first(tmp_path: Path) -> None:
    acts, chart = corpus_read(FOLDER / "retrieval" / "ohada_actes"), chart_read(FOLDER / CHART_FILE)
    cases = [json.loads(line) for line in _CASES.read_text("utf-8").splitlines()]
    wanted = {key for case in cases for key in case["expected"]}
    held = tuple(each.entry for each in (*acts.passages, *chart.passages) if wanted & set(each.entry.references))
    engine = await _engine(held, tmp_path)
    where = Scope((acts.namespace, chart.namespace), (), scope().as_of)
    known = {key for each in held for key in each.references}
    asked = [case for case in cases if set(case["expected"]) & known]
    carried = {each.passage_id: set(each.references) for each in held}
    wrong: list[str] = []
    for case in asked:
        result = await engine.search(Question(case["text"], where, tuple(case.get("history", ()))))
        first = carried[result.passages[0].passage.passage_id] if result.passages else set()
        wrong += [] if first & set(case["expected"]) else [case["text"]]
    assert len(asked) > 80
    assert not wrong


async def test_an_account_that_only_running_text_speaks_of_is_answered_from_it(tmp_path: Path) -> None:
    told = entry("guide", "Le solde a été transféré au compte 475 Compte transitoire.")
    engine = await _engine((told, account("47", "Débiteurs et créditeurs divers")), tmp_path)
    assert (await engine.search(Question("à quoi sert le compte 475 ?", scope()))).is_answerable
    missed = await engine.search(Question("à quoi sert le compte 4752 ?", scope()))
    assert missed.refusal_reason == "reference_not_found"
