"""A question as the pages send it, with its scope."""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypedDict

from django.http import QueryDict
from django.utils.translation import get_language

from apps.knowledge.selectors import namespace_list

# Of a question that waits behind sign-up; far more than may be asked, so that one too long comes back to be shortened.
_MAX_KEPT_CHARS = 20_000


class AskedFields(TypedDict):
    """The keywords of `services.question_ask` that a page knows."""

    text: str
    namespaces: tuple[str, ...] | None
    as_of: date | None
    country: str | None
    language: str
    idempotency_key: str


class QuestionForm:
    """Reads a posted question; what the chips cannot mean falls back to their default."""

    def __init__(self, posted: QueryDict) -> None:
        self._posted = posted

    @property
    def text(self) -> str:
        return self._posted.get("question", "").strip()

    def asked(self) -> AskedFields:
        """Return the question and its scope."""
        return AskedFields(
            text=self.text,
            namespaces=_namespaces(self._posted.getlist("namespaces")),
            as_of=self._as_of(),
            country=self._posted.get("country") or None,
            language=get_language() or "fr",
            idempotency_key=self._posted.get("key", "")[:200],
        )

    def kept(self) -> dict[str, Any]:
        """Return the question in a form that a session can hold."""
        fields = self.asked()
        as_of = fields["as_of"]
        return {
            "question": fields["text"][:_MAX_KEPT_CHARS],
            "namespaces": list(fields["namespaces"] or ()),
            "as_of": as_of.isoformat() if as_of else "",
            "country": fields["country"] or "",
            "key": fields["idempotency_key"],
        }

    def _as_of(self) -> date | None:
        value = self._posted.get("as_of", "")
        return _day(self._posted.get("as_of_date", "") if value == "date" else value)


class WaitingQuestion:
    """A question that waited in the session while its author signed in."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self._kept = kept

    @property
    def text(self) -> str:
        return str(self._kept["question"])

    def asked(self) -> AskedFields:
        """Return the question and its scope."""
        return AskedFields(
            text=self.text,
            namespaces=tuple(self._kept["namespaces"]) or None,
            as_of=_day(self._kept["as_of"]),
            country=self._kept["country"] or None,
            language=get_language() or "fr",
            idempotency_key=self._kept["key"],
        )


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _namespaces(chosen: list[str]) -> tuple[str, ...] | None:
    known = [namespace.slug for namespace in namespace_list()]
    kept = tuple(slug for slug in known if slug in chosen)
    return None if len(kept) in {0, len(known)} else kept
