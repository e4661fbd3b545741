"""The engine's values as messages and back: field by field, under the same names, nothing lost.

A field that a value has and its message has not is an error at first use; a test compares them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from google.protobuf.message import Message

from apps.rag.answers import EVENT_NAMES
from apps.rag.grpc import rag_pb2
from apps.rag.types import UNSENT, AnswerEvent

Value = TypeVar("Value")
MessageT = TypeVar("MessageT", bound=Message)
Put = Callable[[Message, str, Any], None]
Take = Callable[[Message, str], Any]

# How a scalar is written and read where a message has no such type.
_SCALARS: Mapping[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    UUID: (str, UUID),
    datetime: (datetime.isoformat, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
    str: (str, str),
    int: (int, int),
    float: (float, float),
    bool: (bool, bool),
}


@dataclass(frozen=True, slots=True)
class _Member:
    """One field of a value: how it is put into its message and taken out again."""

    name: str
    put: Put
    take: Take
    default: Field[Any]


def fields_sent(kind: Any) -> tuple[Field[Any], ...]:
    """Return those fields of a value's type that go over the wire."""
    return tuple(field for field in fields(kind) if not UNSENT.items() <= field.metadata.items())


def to_message(value: Any, message: MessageT) -> MessageT:
    """Fill a message with a value of the same field names and return it. Raises ValueError on what has no wire form."""
    for member in _members(type(value)):
        member.put(message, member.name, getattr(value, member.name))
    return message


def from_message(message: Message, kind: type[Value]) -> Value:
    """Return the value that a message holds; what is absent takes its default. Raises ValueError."""
    return kind(**{member.name: _taken(member, message) for member in _members(kind)})


def event_to_message(event: AnswerEvent) -> rag_pb2.AnswerEvent:
    """Return an answer's event as it goes over the wire."""
    message = rag_pb2.AnswerEvent()
    inner: Message = getattr(message, EVENT_NAMES[type(event)])
    inner.SetInParent()  # an event without fields is one all the same
    to_message(event, inner)
    return message


def event_from_message(message: rag_pb2.AnswerEvent) -> AnswerEvent | None:
    """Return the event, or None for a kind that a newer server knows and this one does not. Raises ValueError."""
    name = message.WhichOneof("event")
    if name is None:
        return None
    event: AnswerEvent = from_message(getattr(message, name), _KINDS[name])
    return event


def _taken(member: _Member, message: Message) -> Any:
    descriptor = message.DESCRIPTOR.fields_by_name[member.name]
    if descriptor.has_presence and not message.HasField(member.name):
        if member.default.default is not MISSING:
            return member.default.default
        if descriptor.message_type is not None:
            raise ValueError(f"{member.name} is missing")
        return None
    return member.take(message, member.name)


def _members(kind: Any) -> tuple[_Member, ...]:
    if kind not in _known:
        hints = get_type_hints(kind)
        sent = fields_sent(kind)
        _known[kind] = tuple(_Member(field.name, *_codec(hints[field.name]), field) for field in sent)
    return _known[kind]


_known: dict[type, tuple[_Member, ...]] = {}


def _codec(hint: Any) -> tuple[Put, Take]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional(next(argument for argument in arguments if argument is not type(None)))
    if origin is tuple:
        return _repeated(arguments[0])
    if is_dataclass(hint):
        return _nested(hint)
    put, take = _SCALARS[str if origin is Literal else hint]
    return (
        lambda message, name, value: setattr(message, name, put(value)),
        lambda message, name: take(getattr(message, name)),
    )


def _optional(kind: Any) -> tuple[Put, Take]:
    put, take = _codec(kind)

    def put_if_there(message: Message, name: str, value: Any) -> None:
        if value is not None:
            put(message, name, value)

    return put_if_there, take


def _nested(kind: Any) -> tuple[Put, Take]:
    def put(message: Message, name: str, value: Any) -> None:
        inner: Message = getattr(message, name)
        inner.SetInParent()
        to_message(value, inner)

    return put, lambda message, name: from_message(getattr(message, name), kind)


def _repeated(kind: Any) -> tuple[Put, Take]:
    if isinstance(kind, type) and is_dataclass(kind):
        return _put_each(to_message), lambda message, name: tuple(
            from_message(inner, kind) for inner in getattr(message, name)
        )
    if get_origin(kind) is tuple:
        return _put_each(_put_pair), lambda message, name: tuple(
            (pair.name, pair.value) for pair in getattr(message, name)
        )
    put, take = _SCALARS[kind]
    return (
        lambda message, name, values: getattr(message, name).extend(map(put, values)),
        lambda message, name: tuple(map(take, getattr(message, name))),
    )


def _put_each(put: Callable[[Any, Any], Any]) -> Put:
    def put_all(message: Message, name: str, values: Iterable[Any]) -> None:
        container = getattr(message, name)
        for value in values:
            put(value, container.add())

    return put_all


def _put_pair(pair: tuple[str, float], message: rag_pb2.NamedNumber) -> None:
    message.name, message.value = pair


_KINDS: Mapping[str, Any] = {name: kind for kind, name in EVENT_NAMES.items()}
