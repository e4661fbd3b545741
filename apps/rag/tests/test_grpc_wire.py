"""The engine's values over the wire: nothing is lost, nothing is forgotten, the generated code is fresh."""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from google.protobuf.message import Message
from grpc_tools import protoc

from apps.rag.grpc import rag_pb2
from apps.rag.grpc.wire import event_from_message, event_to_message, fields_sent, from_message, to_message
from apps.rag.tests.entries import scope
from apps.rag.tests.served import filled
from apps.rag.types import AnswerEvent, Finished, Overrides, Passage, Question, Scope, SearchResult, Usage

ROOT = Path(__file__).resolve().parents[3]


def test_the_generated_code_is_what_the_protocol_generates(tmp_path: Path) -> None:
    source = "apps/rag/grpc/rag.proto"
    options = [f"--{name}_out={tmp_path}" for name in ("python", "pyi", "grpc_python")]
    assert protoc.main(["protoc", f"-I{ROOT}", *options, str(ROOT / source)]) == 0
    for name in ("rag_pb2.py", "rag_pb2.pyi", "rag_pb2_grpc.py"):
        fresh = (tmp_path / "apps/rag/grpc" / name).read_text(encoding="utf-8")
        assert fresh == (ROOT / "apps/rag/grpc" / name).read_text(encoding="utf-8"), (
            f"{name} is old: python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. {source}"
        )


@pytest.mark.parametrize("kind", get_args(AnswerEvent), ids=lambda kind: kind.__name__)
def test_every_event_comes_back_as_it_went(kind: Any) -> None:
    event = filled(kind)
    payload = event_to_message(event).SerializeToString()
    assert event_from_message(rag_pb2.AnswerEvent.FromString(payload)) == event


@pytest.mark.parametrize(
    ("kind", "message"),
    [(Question, rag_pb2.Question), (SearchResult, rag_pb2.SearchResult)],
    ids=["question", "result"],
)
def test_questions_and_results_come_back_as_they_went(kind: Any, message: type[Message]) -> None:
    value = filled(kind)
    assert from_message(message.FromString(to_message(value, message()).SerializeToString()), kind) == value


def test_what_is_absent_comes_back_as_absent() -> None:
    bare = replace(filled(Passage), organisation_id=None, country=None, page=None)
    assert from_message(to_message(bare, rag_pb2.Passage()), Passage) == bare
    first = Finished("extractive", "", "", Usage(), ())
    assert event_from_message(event_to_message(first)) == first
    question = Question("Qui ?", scope())
    assert from_message(to_message(question, rag_pb2.Question()), Question) == question
    assert from_message(rag_pb2.Overrides(), Overrides) == Overrides()


def test_no_message_has_a_field_that_its_value_has_not() -> None:
    seen: set[str] = set()
    for kind in (*get_args(AnswerEvent), Question):
        _compare(kind, rag_pb2.DESCRIPTOR.message_types_by_name[kind.__name__], seen)
    assert {"Passage", "Hit", "Scope", "Usage"} <= seen


def _compare(kind: Any, descriptor: Any, seen: set[str]) -> None:
    seen.add(kind.__name__)
    assert {field.name for field in descriptor.fields} == {field.name for field in fields_sent(kind)}, kind
    hints = get_type_hints(kind)
    for field in descriptor.fields:
        inner = [each for each in (hints[field.name], *get_args(hints[field.name])) if is_dataclass(each)]
        if inner:
            _compare(inner[0], field.message_type, seen)


def test_an_event_of_a_newer_server_is_passed_over() -> None:
    assert event_from_message(rag_pb2.AnswerEvent()) is None


@pytest.mark.parametrize("as_of", ["tomorrow", "2026-13-01"])
def test_a_day_that_is_none_is_refused(as_of: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month"):
        from_message(rag_pb2.Scope(as_of=as_of), Scope)
