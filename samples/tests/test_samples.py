"""The committed samples: fresh, listed, honest about what they are, and true to the official chart."""

import csv
import json
import os
from pathlib import Path

import pytest

from samples import build

FOLDER = build.FOLDER
NOTICE = "Texte d’exemple fourni avec Kauri, à titre de démonstration."
NAMESPACES = {"syscohada_revise", "syscoa", "guide_tresor", "dgi_fiches", "jurisprudence", "doctrine", "references"}
CHART = "documents/plan-de-comptes-extrait.csv"
OFFICIAL_CHART = "ohada_texts/plan_comptable_syscohada_revise_extrait.csv"


def read_rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def read_chart(path: Path) -> set[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return {(row["compte"], row["libelle"], row["plan"]) for row in csv.DictReader(lines)}


def data_folder() -> Path:
    return Path(os.environ.get("KAURI_DATA_DIR") or FOLDER.parents[1] / "shared" / "data")


def text_of(name: str) -> str:
    path = FOLDER / name
    if path.suffix in {".docx", ".pdf"}:
        return build.text_of(path.read_bytes(), path.suffix)
    return " ".join(path.read_text(encoding="utf-8").split())


SAMPLES = [str(row["file"]) for row in read_rows("manifest.jsonl")]


def test_generated_samples_are_as_their_sources_say() -> None:
    assert build.stale_files() == ()


def test_building_twice_gives_the_same_bytes() -> None:
    assert list(build.build_all()) == list(build.build_all())


def test_the_manifest_lists_every_sample_once() -> None:
    there = [str(path.relative_to(FOLDER)) for path in build.DOCUMENTS.iterdir()]
    assert sorted(SAMPLES) == sorted(there)


def test_there_are_two_of_each_format_and_a_chart() -> None:
    suffixes = [Path(name).suffix for name in SAMPLES]
    assert {suffix for suffix in (".docx", ".pdf", ".md") if suffixes.count(suffix) >= 2} == {".docx", ".pdf", ".md"}
    assert suffixes.count(".csv") == 1


@pytest.mark.parametrize("row", read_rows("manifest.jsonl"), ids=SAMPLES)
def test_a_manifest_row_says_what_the_sample_is(row: dict[str, object]) -> None:
    assert row["kind"] == "sample"
    assert row["namespace"] in NAMESPACES
    assert row["title"]
    assert row.keys() == {
        "file", "namespace", "code", "title", "kind", "country", "in_force_from", "in_force_to", "plan",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != CHART])
def test_a_sample_says_at_its_top_that_it_is_one(name: str) -> None:
    assert NOTICE in text_of(name)[:200]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sources_of_every_sample_are_named(name: str) -> None:
    assert f"## {Path(name).name}\n" in (FOLDER / "SOURCES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("row", read_rows("questions.jsonl"), ids=lambda row: row["id"])
def test_a_suggested_question_has_its_answer_in_the_sample_it_names(row: dict[str, object]) -> None:
    expected = row["must_contain"]
    assert isinstance(expected, list)
    assert expected
    text = text_of(str(row["file"]))
    assert [part for part in expected if part not in text] == []


def test_six_questions_are_for_the_start_page() -> None:
    questions = read_rows("questions.jsonl")
    assert len({row["kind"] for row in questions if row["start_page"]}) == 6
    assert sum(bool(row["start_page"]) for row in questions) == 6


def test_the_chart_sample_has_the_official_labels() -> None:
    official = data_folder() / OFFICIAL_CHART
    if not official.exists():
        pytest.skip(f"the official chart is not here ({official}): set KAURI_DATA_DIR")
    sample = read_chart(FOLDER / CHART)
    assert 40 <= len(sample) <= 80
    assert sample - read_chart(official) == set()
