"""What is expected of the questions that Kauri's predecessor was asked, judged from the texts in force."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.rag.types import AnswerEvent, CitationAdded, Passage, Refused, TextDelta

REFUSE = "refuse"
_FILE = Path(__file__).with_name("earlier_questions.jsonl")


@dataclass(frozen=True, slots=True)
class Expectation:
    """The passages of which an answer must cite one, () where the question must be refused; and why."""

    question_id: str
    expected: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer is what is expected, what it cites, and its text."""

    is_met: bool
    got: str
    text: str


def expectations() -> list[Expectation]:
    """Return the expectations in the order of the questions."""
    rows = map(json.loads, _FILE.read_text("utf-8").splitlines())
    return [
        Expectation(row["id"], () if row["expected"] == REFUSE else tuple(row["expected"]), row["because"])
        for row in rows
    ]


def place(passage: Passage) -> str:
    """Name a passage as the expectations do: `AUSCGIE art. 1`, `TRAITE p. 1`, `Compte 401`, `Title: heading`."""
    if passage.plan or passage.locator.startswith(passage.code or "\0"):
        return passage.locator
    return f"{passage.code} {passage.locator}" if passage.code else f"{passage.document_title}: {passage.locator}"


def verdict(expectation: Expectation, events: Sequence[AnswerEvent]) -> Verdict:
    """Judge the events of an answer."""
    text = "".join(event.text for event in events if isinstance(event, TextDelta | Refused))
    cited = [place(event.citation.passage) for event in events if isinstance(event, CitationAdded)]
    is_refused = any(isinstance(event, Refused) for event in events)
    if not expectation.expected:
        return Verdict(is_refused, REFUSE if is_refused else ", ".join(cited), text)
    is_met = not is_refused and any(_is_one(each, name) for each in cited for name in expectation.expected)
    return Verdict(is_met, REFUSE if is_refused else ", ".join(dict.fromkeys(cited)), text)


def _is_one(cited: str, name: str) -> bool:
    bare = cited.partition(" (")[0] if cited.endswith(")") and "/" in cited[-6:] else cited
    return bare.startswith(name[:-1]) if name.endswith("*") else bare == name
