"""The official texts and the hostile files that Kauri was measured on, where they are at hand."""

import json
import os
import re
from functools import cache
from pathlib import Path

import pytest

from apps.knowledge.chunking import Chunked, chunk
from apps.knowledge.parsers.errors import ParseFailed, ScanWithoutText, UnsupportedFormat
from apps.knowledge.sandbox import parse_file

FOLDER = Path(os.environ.get("KAURI_DATA_DIR", Path(__file__).resolve().parents[4] / "shared" / "data"))
TEXTS, ODD = FOLDER / "ohada_texts", FOLDER / "odd_documents"
pytestmark = pytest.mark.skipif(
    not TEXTS.is_dir(), reason=f"the real texts are not at {FOLDER}: set KAURI_DATA_DIR to their folder"
)


def manifest_rows() -> list[dict[str, str | None]]:
    return [json.loads(line) for line in (TEXTS / "kauri_manifest.jsonl").read_text("utf-8").splitlines()]


@cache
def chunked_text(code: str) -> Chunked:
    row = next(row for row in manifest_rows() if row["code"] == code)
    document = parse_file(TEXTS / str(row["file"]))
    return chunk(document, code=code, kind=str(row["kind"]), plan=row["plan"] or "", title=str(row["title"]))


def articles(code: str) -> dict[str, str]:
    """Article reference to its whole text, parts joined."""
    found: dict[str, str] = {}
    for passage in chunked_text(code).passages:
        for reference in passage.references:
            found[reference] = f"{found.get(reference, '')} {passage.text}".strip()
    return found


def corpus(prefix: str, code: str) -> dict[str, str]:
    path = FOLDER / "retrieval" / "ohada_actes" / "corpus.jsonl"
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return {f"art:{code}:{row['id'].split()[1]}": row["text"] for row in rows if row["id"].split()[0] == prefix}


# Inside the passage before them in the published cut; each is an article of its own.
INNER = (
    "269-2-1 626-1-1 626-1-1-1 626-1-2 626-1-2-1 626-1-3 771-1-1 "
    "822-10-1 822-10-2 822-10-3 822-10-4 822-10-5 822-10-6 853-19-1"
)


@pytest.mark.parametrize(
    ("code", "prefix", "inner"),
    [
        ("AUSCGIE", "AUSCGIE", INNER),
        ("AUA", "AUA", ""),
        ("TRAITE", "TRAITE", ""),
        ("RACCJA", "REGARBCCJA", ""),
        ("RPCCJA", "REGPROCCCJA1996", ""),
    ],
)
def test_every_article_is_found_once_with_its_text(code: str, prefix: str, inner: str) -> None:
    expected, found = corpus(prefix, code), articles(code)
    assert set(found) == set(expected) | {f"art:{code}:{number}" for number in inner.split()}
    # The published cut keeps the page numbers inside an article and the headings that follow it.
    short = [
        reference for reference, text in expected.items() if not squeezed(text).startswith(squeezed(found[reference]))
    ]
    assert not short


def squeezed(text: str) -> str:
    return re.sub(r"\W+", "", re.sub(r"^\d+ / \d+$", "", text, flags=re.MULTILINE))


def test_the_articles_that_users_ask_for() -> None:
    found = articles("AUSCGIE")
    assert found["art:AUSCGIE:311"].startswith(
        "Sauf dispositions nationales contraires, le capital social doit être d'un"
    )
    passage = next(p for p in chunked_text("AUSCGIE").passages if p.locator == "AUSCGIE art. 311")
    assert passage.page is not None
    assert passage.heading_path[0].startswith("Partie 2")
    assert {f"art:AUDCG:{n}" for n in range(1, 290)} == set(articles("AUDCG"))
    assert {f"art:CT-SN:l{n}" for n in range(1, 289)} == {r.replace("l.", "l") for r in articles("CT-SN")}
    assert len(articles("COCC")) > 700


def test_the_chart_keeps_its_two_plans_apart() -> None:
    chunked = chunked_text("PCO")
    plans = [account.plan for account in chunked.accounts]
    assert (plans.count("syscohada-revise"), plans.count("syscohada-ancien")) == (1413, 1248)
    references = [reference for passage in chunked.passages for reference in passage.references]
    assert len(references) == len(set(references))
    assert {f"classe:syscohada-revise:{digit}" for digit in range(1, 10)} <= set(references)


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("DECRET-N*2025*.pdf", ScanWithoutText),
        ("Liasse*.xlsx", UnsupportedFormat),
        ("Plan_Comptable*.xlsx", UnsupportedFormat),
    ],
)
def test_what_cannot_be_read_says_why(pattern: str, error: type[ParseFailed]) -> None:
    with pytest.raises(error):
        parse_file(next(TEXTS.glob(pattern)))


@pytest.mark.slow
@pytest.mark.skipif(not ODD.is_dir(), reason=f"the hostile files are not at {FOLDER}")
def test_hostile_files_are_read_or_refused_with_a_reason() -> None:
    hostile = re.compile(r"clusterfuzz|crash|bomb|entit|truncat|password|fuzz", re.IGNORECASE)
    paths = [path for kind in ("docx", "pdf") for path in sorted((ODD / kind).iterdir()) if hostile.search(path.name)]
    assert len(paths) > 20
    outcomes = [outcome(path) for path in paths]
    assert "ParseFailed" not in outcomes
    assert outcomes.count("Broken") > 5


def outcome(path: Path) -> str:
    try:
        return parse_file(path, memory_mb=512, timeout_s=20).format
    except ParseFailed as error:
        return type(error).__name__
