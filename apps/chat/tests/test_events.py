"""The engine's events as the wire's."""

import json
from datetime import date
from uuid import UUID

from apps.chat.events import LOST_LOG_SEQ, Transcript, storable
from apps.chat.types import Filters, Problem, TurnWork
from apps.rag.types import (
    Citation,
    CitationAdded,
    Finished,
    Grounded,
    InForce,
    Passage,
    Refused,
    Restarted,
    Retrieved,
    SearchResult,
    Span,
    TextDelta,
    Understanding,
    Usage,
)

ID = UUID("0190a000-0000-7000-8000-000000000001")
PASSAGE = Passage(
    entry_id=1,
    passage_id=ID,
    document_id=ID,
    version_id=ID,
    namespace="references",
    organisation_id=None,
    country=None,
    kind="law",
    code="AUSCGIE",
    document_title="Acte uniforme",
    locator="AUSCGIE art. 311",
    heading_path=(),
    ordinal=0,
    page=3,
    span=Span(10, 40),
    in_force=InForce(date(2014, 5, 5), None),
    plan="",
    text="Le capital est libre.",
)


def transcript(*, is_first_hand: bool = True) -> Transcript:
    filters = Filters((), None, date(2026, 11, 22), "fr")
    work = TurnWork(ID, 1, ID, ID, ID, "?", (), filters, is_first_hand)
    return Transcript(work)


def bodies(kept: Transcript) -> list[dict[str, object]]:
    return [json.loads(entry.text) for entry in kept.entries]


def test_entries_are_counted_without_gaps() -> None:
    kept = transcript()
    kept.open()
    kept.feed(TextDelta("Un. "))
    kept.feed(TextDelta(""))
    kept.feed(TextDelta("Deux."))
    kept.complete()
    assert [entry.seq for entry in kept.entries] == [1, 2, 3, 4]
    assert [body["sequence_number"] for body in bodies(kept)] == [1, 2, 3, 4]
    assert kept.text == "Un. Deux."
    assert kept.entries[-1].is_terminal


def test_a_restart_drops_text_and_citations() -> None:
    kept = transcript()
    kept.feed(TextDelta("Premier [1]"))
    kept.feed(CitationAdded(Citation(1, 8, 11, PASSAGE, "libre", Span(20, 25))))
    kept.feed(Restarted())
    kept.feed(TextDelta("Second"))
    assert kept.text == "Second"
    assert kept.annotations == []
    assert bodies(kept)[2]["from"] == 0


def test_an_annotation_says_where_the_words_stand() -> None:
    kept = transcript()
    kept.feed(CitationAdded(Citation(1, 8, 11, PASSAGE, "libre", Span(20, 25))))
    annotation = bodies(kept)[0]["annotation"]
    assert isinstance(annotation, dict)
    assert annotation["type"] == "kauri_citation"
    assert annotation["locator"] == "AUSCGIE, art. 311"
    assert annotation["in_force"] == {"from": "2014-05-05", "to": None}
    assert annotation["country"] is None
    assert (annotation["quote_start"], annotation["quote_end"]) == (20, 25)
    assert str(ID) in annotation["url"]


def test_a_refusal_is_the_text() -> None:
    kept = transcript()
    kept.feed(Refused("Je ne sais pas.", "no_evidence", ()))
    kept.feed(Finished("refusal", "", "", Usage(), ()))
    kept.complete()
    assert kept.text == "Je ne sais pas."
    assert [entry.event for entry in kept.entries] == ["response.refusal.done", "response.completed"]


def test_a_taken_over_log_goes_on_where_it_was() -> None:
    dead = transcript()
    dead.open()
    dead.feed(TextDelta("Premier. "))
    dead.feed(Restarted())
    dead.feed(TextDelta("Second [1]"))
    dead.feed(CitationAdded(Citation(1, 7, 10, PASSAGE, "libre", Span(20, 25))))
    heir = transcript(is_first_hand=False)
    heir.resume(dead.entries)
    heir.break_off("interrupted")
    assert heir.text == "Second [1]"
    assert heir.annotations == dead.annotations
    assert heir.entries[:-1] == dead.entries
    assert heir.entries[-1].seq == 6
    assert bodies(heir)[-1]["reason"] == "interrupted"


def test_a_lost_log_ends_beyond_every_reader() -> None:
    heir = transcript(is_first_hand=False)
    heir.resume(())
    heir.break_off("interrupted")
    assert [(entry.seq, entry.event) for entry in heir.entries] == [
        (LOST_LOG_SEQ, "kauri.answer.restarted"),
        (LOST_LOG_SEQ + 1, "response.incomplete"),
    ]
    assert heir.text == ""


def test_a_failure_says_what_to_do() -> None:
    kept = transcript()
    kept.fail(Problem("model_failed", "Réessayez.", retryable=True, retry_after_s=5))
    body = bodies(kept)[0]
    assert (body["code"], body["message"], body["retryable"], body["retry_after_s"]) == (
        "model_failed",
        "Réessayez.",
        True,
        5,
    )


def test_what_cannot_be_stored_is_replaced_one_for_one() -> None:
    assert storable("a\0b\ud800c\n😀") == "a\ufffdb\ufffdc\n😀"


def test_a_refusal_is_followed_by_the_end_alone() -> None:
    kept = transcript()
    kept.feed(Refused("Je ne sais pas.", "no_evidence", ()))
    kept.feed(Grounded(0, 0, 0))
    kept.complete()
    assert [entry.event for entry in kept.entries] == ["response.refusal.done", "response.completed"]


def test_the_law_of_a_day_that_the_question_names_is_told_as_that_days() -> None:
    kept = transcript()
    kept.open()
    understanding = Understanding("tax", (), "taux de l'IS, CGI 2025", (), as_of_hint=date(2025, 12, 31))
    kept.feed(Retrieved(SearchResult(understanding, (), (), 1.0, True, "", (), 0, 7, ())))
    kept.complete()
    opened, retrieved, completed = bodies(kept)
    assert (retrieved["as_of"], completed["response"]["as_of"]) == ("2025-12-31", "2025-12-31")  # type: ignore[index]  # JSON
    assert opened["response"]["as_of"] == "2026-11-22"  # type: ignore[index]  # JSON
    taken_over = transcript(is_first_hand=False)
    taken_over.resume(kept.entries[:2])
    assert taken_over.as_of == kept.as_of == date(2025, 12, 31)
