"""A document goes in by the command line, a cited answer comes out by HTTP, and a dropped line loses nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from docx import Document

from e2e.stack import ROOT, Stack

QUESTION = "Quel est le délai de dépôt du rapport de vérification interne du Mandarin ?"
FACT = "Le rapport de vérification interne du Mandarin est déposé dans un délai de quarante-sept (47) jours."


@dataclass(frozen=True, slots=True)
class Sent:
    """One server-sent event."""

    id: str
    name: str
    body: dict[str, object]


def events_of(lines: Iterator[str]) -> Iterator[Sent]:
    """Parse a stream of lines as the standard says: fields until a blank line."""
    fields: dict[str, str] = {}
    for line in lines:
        if line == "":
            if "data" in fields:
                yield Sent(fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"]))
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value


def text_of(events: list[Sent]) -> str:
    return "".join(str(one.body["delta"]) for one in events if one.name == "response.output_text.delta")


@pytest.fixture(scope="module")
def document(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real .docx that no other test knows, imported through the command."""
    path = tmp_path_factory.mktemp("texts") / "Règlement du Mandarin.docx"
    file = Document()
    file.add_heading("Règlement intérieur du Mandarin", 0)
    file.add_heading("Chapitre 1. Vérification interne", 1)
    file.add_paragraph(FACT)
    file.add_paragraph("Il est signé par deux vérificateurs et gardé pendant douze (12) ans au siège.")
    file.save(str(path))
    stack.manage(
        "kb_import", str(path), "--namespace", "doctrine", "--kind", "guide", "--title", "Règlement du Mandarin"
    )
    return path


def test_a_dropped_stream_resumes_to_the_saved_message_byte_for_byte(stack: Stack, document: Path) -> None:
    client = stack.signed_up("fil@example.com")
    asked = client.post("/v1/chat/query", json={"question": QUESTION}, headers={"Prefer": "respond-async"})
    assert asked.status_code == 202, asked.text
    taken = asked.json()

    with client.stream("GET", taken["stream_url"], headers={"Accept": "text/event-stream"}) as stream:
        first: list[Sent] = []
        for event in events_of(stream.iter_lines()):
            first.append(event)
            if len(first) == 3:
                break
    assert first[0].name == "response.created"

    with client.stream("GET", taken["stream_url"], headers={"Last-Event-ID": first[-1].id}) as stream:
        rest = list(events_of(stream.iter_lines()))
    names = [one.name for one in first + rest]
    ids = [one.id for one in first + rest]
    assert names[-1] == "response.completed"
    assert sum(name in {"response.completed", "response.incomplete", "response.failed"} for name in names) == 1
    assert len(set(ids)) == len(ids)

    saved = client.get(f"/v1/chat/responses/{taken['response_id']}").json()
    assert text_of(first + rest).encode() == saved["text"].encode()
    assert "quarante-sept (47) jours" in saved["text"]
    (citation, *_) = saved["citations"]
    assert FACT in citation["quote"]
    assert saved["text"][citation["start_index"] : citation["end_index"]] == f"[{citation['index']}]"

    page = client.get(citation["url"])
    assert page.status_code == 200
    assert "quarante-sept (47)" in page.text

    # The whole stream once more, from its beginning: the same events under the same ids.
    with client.stream("GET", taken["stream_url"]) as stream:
        again = list(events_of(stream.iter_lines()))
    assert again == first + rest


def test_the_three_shapes_say_the_same(stack: Stack, document: Path) -> None:
    client = stack.signed_up("formes@example.com")
    whole = client.post("/v1/chat/query", json={"question": QUESTION}).json()
    with client.stream(
        "POST", "/v1/chat/query", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}
    ) as stream:
        streamed = text_of(list(events_of(stream.iter_lines())))
    assert whole["status"] == "completed"
    assert streamed == whole["text"]


def test_a_stranger_sees_nothing_and_nobody_is_asked_to_sign_in(stack: Stack, document: Path) -> None:
    owner = stack.signed_up("proprietaire@example.com")
    answer = owner.post("/v1/chat/query", json={"question": QUESTION}).json()
    stranger = stack.signed_up("etranger@example.com")
    for path in (
        f"/v1/chat/stream?response_id={answer['response_id']}",
        f"/v1/chat/responses/{answer['response_id']}",
        f"/v1/chat/conversations/{answer['conversation_id']}",
        f"/c/{answer['conversation_id']}/",
    ):
        assert owner.get(path).status_code == 200
        assert stranger.get(path).status_code == 404, path
        unknown = path.replace(answer["response_id"], "0190a000-0000-7000-8000-000000000000").replace(
            answer["conversation_id"], "0190a000-0000-7000-8000-000000000000"
        )
        missing = stranger.get(unknown)
        assert missing.status_code == 404
    assert httpx.post(f"{stack.url}/v1/chat/query", json={"question": QUESTION}).status_code in {401, 403}


def test_what_the_texts_do_not_say_is_refused(stack: Stack) -> None:
    client = stack.signed_up("refus@example.com")
    answer = client.post("/v1/chat/query", json={"question": "Quelle est la capitale de l'Australie ?"}).json()
    assert answer["mode"] == "refusal"
    assert answer["citations"] == []
    assert "Canberra" not in answer["text"]


def test_suggested_questions_are_answered_from_the_samples(stack: Stack) -> None:
    client = stack.signed_up("exemples@example.com")
    missed = []
    for line in (ROOT / "samples" / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        answer = client.post("/v1/chat/query", json={"question": question["text"]}).json()
        lacking = [words for words in question["must_contain"] if words.lower() not in answer["text"].lower()]
        if answer["mode"] == "refusal" or not answer["citations"] or lacking:
            missed.append((question["text"], lacking, answer["mode"], answer["text"][:300]))
    assert missed == []


def test_rag_search_prints_every_leg_and_its_times(stack: Stack, document: Path) -> None:
    shown = stack.manage("rag_search", QUESTION, "--json").stdout
    found = json.loads(shown)
    assert {"bm25", "gram"} <= {ranking["leg"] for ranking in found["rankings"]}
    assert found["timings_ms"]
    assert "Mandarin" in json.dumps(found["passages"][0], ensure_ascii=False)


def test_a_second_up_on_the_same_folder_says_so(stack: Stack) -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", "0", "--var-dir", str(stack.var_dir)],
        cwd=ROOT,
        env=stack.env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
