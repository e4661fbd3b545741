"""What measurements are made of: reading datasets, comparing figures, formulas, and a whole measurement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches

from apps.rag.evaluation.asking import DEFAULT_LEGS
from apps.rag.evaluation.corpus import corpus_read
from apps.rag.evaluation.dataset import dataset_read
from apps.rag.evaluation.evaluate import Wishes, evaluate
from apps.rag.evaluation.figures import contains, figures
from apps.rag.evaluation.kept import vectors_keep, vectors_restore
from apps.rag.evaluation.lines import BadDataset
from apps.rag.evaluation.metrics import paired_bootstrap
from apps.rag.evaluation.plot import recall_plot
from apps.rag.evaluation.report import as_json
from apps.rag.evaluation.steps import Steps
from apps.rag.models import IndexEntry
from apps.rag.tests.sets import CORPUS, QUESTIONS, write_lines, write_set
from apps.rag.types import InForce

QUIET = Steps(is_silent=True)


def read(path: Path, **options: Any) -> Any:
    """Read a dataset without a library."""
    return dataset_read(path, library=path.parent / "nothing", **options)


@pytest.mark.parametrize(
    ("passage_id", "title", "key"),
    [
        ("AUSCGIE 311", "AUSCGIE 2014 (droit des sociétés) - Article 311", "art:AUSCGIE:311"),
        ("AUSCGIE 269-2", "AUSCGIE 2014 - Article 269-2", "art:AUSCGIE:269-2"),
        ("cg:tome1-chapitre4#Art._127_quinquies", "Art. 127 quinquies Plus-values", "art:CGI:127quinquies"),
        ("cg:tome1-chapitre1#Art._86A", "Art. 86A Définition", "art:CGI:86a"),
        ("cg:tome1-chapitre3#Art._122_(L.F._2025)", "Art. 122 Taux", "art:CGI:122"),
        ("cg:tome2#Art._5~2", "Art. 5 Début d'activité", "art:CGI:5"),
        ("p-17", "Article premier", "art:CGI:premier"),
        ("p-18", "Art. 12 L'amortissement", "art:CGI:12"),
    ],
)
def test_article_numbers_are_read_in_ids_and_titles(passage_id: str, title: str, key: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "cgi_du_pays" / "corpus.jsonl", [{"id": passage_id, "title": title, "text": "Le texte."}])
    (passage,) = corpus_read(tmp_path / "cgi_du_pays").passages
    assert passage.gold_id == passage_id
    expected = "art:CGI:1" if key.endswith("premier") else key
    assert passage.entry.references == (expected,)
    assert passage.entry.kind == "law"


def test_a_guide_has_no_articles_and_one_place_for_each_passage(tmp_path: Path) -> None:
    rows = [{"id": f"s{n}", "title": "Sport", "text": f"Texte {n}."} for n in range(3)]
    write_lines(tmp_path / "guide" / "corpus.jsonl", rows)
    entries = corpus_read(tmp_path / "guide").entries
    assert [entry.locator for entry in entries] == ["Sport, § 1", "Sport, § 2", "Sport, § 3"]
    assert {entry.references for entry in entries} == {()}
    assert entries[0].search_text == "Sport\nTexte 0."


def test_a_law_whose_name_says_nothing_is_known_by_what_it_speaks_of(tmp_path: Path) -> None:
    rows = [{"id": f"x#Art._{n}", "title": "", "text": "Au sens du code général des impôts."} for n in (1, 2)]
    write_lines(tmp_path / "lot-7" / "corpus.jsonl", rows)
    assert {entry.code for entry in corpus_read(tmp_path / "lot-7").entries} == {"CGI"}


def test_periods_in_force_are_those_that_are_said_and_no_others(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "code_2025")
    assert {entry.in_force for entry in corpus_read(folder).entries} == {InForce(None, None)}
    said = {"in_force_from": "2025-01-01", "in_force_to": "2026-01-01", "code": "CGI"}
    (folder / "dataset.json").write_text(json.dumps(said), encoding="utf-8")
    year = InForce(date(2025, 1, 1), date(2026, 1, 1))
    assert {entry.in_force for entry in corpus_read(folder).entries} == {year}
    ever = InForce(date(2020, 1, 1), None)
    (corpus,) = read(folder, in_force={"code_2025": ever}).corpora
    assert {entry.in_force for entry in corpus.entries} == {ever}


def test_a_file_of_questions_finds_the_corpora_that_it_names(tmp_path: Path) -> None:
    write_lines(tmp_path / "retrieval" / "actes" / "corpus.jsonl", CORPUS)
    rows = [{**row, "corpus": "actes"} for row in QUESTIONS]
    dataset = read(write_lines(tmp_path / "questions" / "dev.jsonl", rows))
    assert (dataset.name, [corpus.name for corpus in dataset.corpora]) == ("dev", ["actes"])
    assert len(dataset.queries) == 3
    assert dataset.unknown == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "JSON"),
        ("[1]", "JSON"),
        ("[" * 100_000 + "]" * 100_000, "JSON"),
        ('{"id": "a", "relevant": []}', "text"),
        ('{"id": "q1", "text": "?", "relevant": []}', "q1"),
        ('{"id": "a", "text": "?", "relevant": "AUSCGIE 311"}', "relevant"),
        ('{"id": "a", "text": "?", "as_of": "hier"}', "as_of"),
        ('{"id": "a", "text": "?", "must_refuse": "oui"}', "must_refuse"),
    ],
)
def test_a_bad_line_is_named_by_its_number(row: str, said: str, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "actes", questions=QUESTIONS[:1])
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    with pytest.raises(BadDataset, match=r"(line|ligne) 2") as raised:
        read(folder)
    assert "questions.jsonl" in str(raised.value)
    assert said in str(raised.value)


def test_what_no_database_takes_is_replaced(tmp_path: Path) -> None:
    rows = [{"id": "a\0", "title": "T", "text": "Le\0capital \ud800 social."}]
    asked = [{"id": "q", "text": "\ud800 ?", "relevant": ["a\0"]}]
    folder = write_set(tmp_path / "actes", corpus=(), questions=())
    for name, (row,) in (("corpus", rows), ("questions", asked)):
        (folder / f"{name}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    dataset = read(folder)
    assert dataset.unknown == ()
    assert dataset.corpora[0].passages[0].entry.text == "Le\ufffdcapital \ufffd social."
    assert dataset.queries[0].text == "\ufffd ?"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="nowhere"):
        read(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadDataset, match=r"corpus\.jsonl"):
        read(tmp_path / "empty")
    lost = write_lines(tmp_path / "lost.jsonl", [{"id": "a", "text": "?", "corpus": "absent"}])
    with pytest.raises(BadDataset, match="absent"):
        read(lost)


def test_judgements_of_passages_that_are_not_there_are_told_and_kept(tmp_path: Path) -> None:
    question = {"id": "q", "text": "?", "relevant": ["AUSCGIE 311", "AUSCGIE 999"]}
    dataset = read(write_set(tmp_path / "actes", questions=[question]))
    assert dataset.unknown == (("q", "AUSCGIE 999"),)
    assert dataset.queries[0].relevant == {"AUSCGIE 311", "AUSCGIE 999"}


@pytest.mark.parametrize(
    ("text", "expected", "is_there"),
    [
        ("pendant trois (3) ans", "3 ans", True),
        ("vingt-cinq pour cent (25 %)", "25%", True),
        ("25 pour cent", "25 %", True),
        ("Un million (1 000 000) de francs", "1.000.000", True),
        ("cinq millions de francs", "5 000 000", True),
        ("1,5 million", "1 500 000", True),
        ("un taux de 0,3 %", "0.3%", True),
        ("quatre-vingt-dix jours", "90 jours", True),
        ("les décisions sont nulles", "nulle", True),
        ("SARL", "sarl", True),
        ("dans les 30 jours", "3", False),
        ("1.500 francs", "500", False),
        ("10,5 %", "10", False),
        ("2,10 %", "10 %", False),
        ("annulable", "nul", False),
    ],
)
def test_figures_are_compared_as_a_reader_would(text: str, expected: str, is_there: bool) -> None:
    assert contains(text, expected) is is_there


def test_the_figures_of_an_answer_leave_out_where_its_rule_stands() -> None:
    said = "25 % du capital (art. 86A et 87), soit 5.000.000 FCFA, pendant deux (2) ans selon la L.F. 2026."
    assert figures(said) == ("25%", "5000000", "2")


def test_the_bootstrap_agrees_with_what_is_known_by_hand() -> None:
    same = paired_bootstrap([0.5, 1.0, 0.0], [0.5, 1.0, 0.0])
    assert (same.difference, same.low, same.high) == (0.0, 0.0, 0.0)
    # 100 questions, 36 of them better by 1: a binomial share of .36, deviation .048
    better = paired_bootstrap([0.0] * 100, [1.0] * 36 + [0.0] * 64)
    assert better.difference == pytest.approx(0.36)
    assert better.low == pytest.approx(0.266, abs=0.012)
    assert better.high == pytest.approx(0.454, abs=0.012)


@pytest.mark.django_db(transaction=True)
def test_a_dataset_is_measured_leg_by_leg_and_by_its_answers(tmp_path: Path, settings: Any) -> None:
    settings.KAURI_EMBEDDER, settings.KAURI_INDEX_DIR = "none", tmp_path / "index"
    wishes = Wishes(legs=DEFAULT_LEGS, wants_answers=True, is_together=False, as_of=None)
    (measured,) = evaluate([read(write_set(tmp_path / "actes"))], wishes, QUIET)
    told = as_json(measured.report)
    assert (told["dataset"], told["n_passages"], told["n_questions"], told["n_judged"]) == ("actes", 4, 3, 2)
    assert set(told["legs"]) == {"lexical", "fused", "reranked"}
    assert told["legs"]["reranked"]["recall@1"] == 1.0
    assert told["answers"]["refused_rightly"] == 1.0
    assert told["answers"]["cited_relevant"] == 1.0
    assert told["answers"]["contains_expected"] == 1.0
    assert told["kinds"]["threshold"]["recall@10"] == 1.0
    assert set(told["ms"]) == {"p50", "p95"}
    assert not IndexEntry.objects.exclude(namespace="eval_actes").exists()
    recall_plot([measured.report], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_vectors_come_back_from_disk_and_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    cache = caches["vectors"]
    path = tmp_path / "eval" / "vectors.sqlite3"
    cache.clear()
    cache.set_many({f"embed:{n:064d}": bytes([n % 256]) * 8 for n in range(1_500)})
    cache.set("query:answer", b"stays away")
    assert vectors_keep(path) == 1_500
    cache.clear()
    assert vectors_restore(path) == 1_500
    assert cache.get(f"embed:{7:064d}") == b"\x07" * 8
    assert cache.get("query:answer") is None
    path.write_bytes(b"no database, " * 1_000)
    assert vectors_restore(path) == 0
    assert vectors_keep(path) == 1_500
    cache.clear()
    (tmp_path / "file").touch()
    assert vectors_keep(tmp_path / "file" / "vectors.sqlite3") == 0


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run rag_eval as a person does, where nothing of Kauri runs."""
    unset = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_STATE_URL", "REDIS_CACHE_URL")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"KAURI_VAR_DIR": str(folder / "var"), "KAURI_DATA_DIR": str(folder)}
    argv = [sys.executable, "manage.py", "rag_eval", *arguments]
    return subprocess.run(
        argv, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.timeout(150)
def test_the_command_measures_on_stores_of_its_own_and_prints_one_object(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "actes")
    plot = tmp_path / "recall.png"
    finished = run(str(folder), "--json", "--plot", str(plot), "--embedder", "none", folder=tmp_path)
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout)
    assert set(told) >= {"dataset", "n_passages", "n_questions", "legs", "answers", "ms"}
    assert set(told["legs"]["reranked"]) == {"recall@1", "recall@5", "recall@10", "recall@100", "mrr@10", "ndcg@10"}
    assert told["legs"]["lexical"]["recall@10"] == 1.0
    assert told["answers"]["refused_rightly"] == 1.0
    assert plot.read_bytes().startswith(b"\x89PNG")
    # what it started is gone, and what it keeps are vectors
    assert not list((tmp_path / "var").glob("postgres*"))
    assert not (tmp_path / "var" / "run").exists()


def test_the_command_says_in_one_sentence_what_is_wrong(tmp_path: Path) -> None:
    nowhere = run(str(tmp_path / "nowhere"), folder=tmp_path)
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert "nowhere" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr
    unknown = run(str(write_set(tmp_path / "actes")), "--in-force", "autre=2025-01-01..", folder=tmp_path)
    assert unknown.returncode == 1
    assert "autre" in unknown.stderr
    backwards = run(str(tmp_path / "actes"), "--in-force", "actes=2026-01-01", folder=tmp_path)
    assert backwards.returncode == 2
    assert "CORPUS=" in backwards.stderr
