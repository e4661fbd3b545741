"""The start page's questions: each has a text that answers it, or is not shown."""

import json
import re
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from apps.accounts.models import Organisation
from apps.chat.suggestions import SUGGESTIONS
from apps.knowledge.models import Document, DocumentVersion, Namespace
from apps.knowledge.services import namespaces_seed, samples_remove

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


@pytest.fixture(autouse=True)
def _collections(db: object) -> None:
    namespaces_seed()


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def published(
    title: str,
    *,
    kind: str = "sample",
    code: str = "",
    state: str = "published",
    in_force: DateRange | None = None,
    of_a_firm: bool = False,
) -> None:
    """Put a document into the shared base, or into a firm's own, as an import leaves it."""
    firm = Organisation.objects.create(name="Cabinet Diop") if of_a_firm else None
    document = Document.objects.create(
        namespace=Namespace.objects.get(slug="doctrine"),
        title=title,
        kind=kind,
        code=code,
        state=state,
        organisation=firm,
    )
    DocumentVersion.objects.create(
        document=document, number=1, title=title, file="x.md", file_name="x.md", byte_count=1, sha256="0" * 64,
        dedupe_key=title, state=state, chunker_revision=1, in_force=in_force or DateRange(date(2014, 5, 5), None),
    )  # fmt: skip


def shown_to_anybody() -> list[str]:
    return [
        unescape(each) for each in re.findall(r'name="question" value="([^"]+)"', Client().get("/").content.decode())
    ]


def test_every_suggestion_is_a_question_that_its_sample_answers() -> None:
    titles = {sample["file"]: sample["title"] for sample in lines_of(SAMPLES / "manifest.jsonl")}
    answered = {(line["text"], titles[line["file"]]) for line in lines_of(SAMPLES / "questions.jsonl")}
    suggested = {(each.question, each.sample) for group in SUGGESTIONS for each in group.suggestions}
    assert suggested <= answered


def test_only_what_a_text_answers_is_suggested() -> None:
    assert "suggest" not in Client().get("/").content.decode()
    published("SARL et SA : comparaison")
    assert shown_to_anybody() == [
        "Quel est le capital minimum d’une SARL ?",
        "Quelles sont les différences entre une SARL et une SA ?",
    ]
    samples_remove()
    assert shown_to_anybody() == []
    published("Acte uniforme", kind="law", code="AUSCGIE")
    assert "Dans quel délai se tient l’assemblée générale ordinaire annuelle ?" in shown_to_anybody()
    assert len(shown_to_anybody()) == 4


@pytest.mark.parametrize(
    "filed",
    [
        {"state": "draft"},
        {"in_force": DateRange(date(2001, 1, 1), date(2018, 1, 1))},
        {"kind": "guide"},
        {"of_a_firm": True},
    ],
)
def test_what_not_everybody_finds_today_suggests_nothing(filed: dict[str, Any]) -> None:
    published("SARL et SA : comparaison", **filed)
    assert shown_to_anybody() == []
