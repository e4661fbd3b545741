"""What an embeddings endpoint's refusal means: try again, send less, or mend the settings."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.rag.errors import EmbedderFailed, EmbedderMisconfigured

_PERMANENT_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_OF_LENGTH = ("token", "too long", "length", "too large")


class Again(Exception):
    """Another attempt may succeed, after `wait_s` seconds where the endpoint says so; `reason` is for the log."""

    def __init__(self, wait_s: float = 0.0, reason: str = "") -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class TooLong(Exception):
    """A text has more tokens than the endpoint's model reads."""


def named(status: int, body: object, headers: Mapping[str, str]) -> Again | TooLong | EmbedderFailed:
    """Return what a reply that is no list of vectors means; `status` is 0 where its HTTP status was a success."""
    told = body.get("error", body) if isinstance(body, Mapping) else body
    fields = told if isinstance(told, Mapping) else {}
    code = str(fields.get("code") or fields.get("type") or "")
    said = str(fields.get("message") or told or "").casefold()
    if code in _PERMANENT_CODES:
        return _refused(code)
    if status == 429 or code == "rate_limit_exceeded":
        return Again(_retry_after_s(headers), f"HTTP {status}")
    if status in {0, 408, 409, 425} or status >= 500:
        return Again(_retry_after_s(headers), f"HTTP {status}")
    if status == 413 or (status in {400, 422} and any(word in said for word in _OF_LENGTH)):
        return TooLong()
    return _refused(f"HTTP {status}")


def _refused(reason: str) -> EmbedderMisconfigured:
    sentence = _(
        "The embedding endpoint refuses ({reason}): check EMBEDDER_BASE_URL, EMBEDDER_MODEL, EMBEDDER_API_KEY."
    )
    return EmbedderMisconfigured(format_lazy(sentence, reason=reason))


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Return the seconds of Retry-After, 0.0 where it is absent or a date: the time limit bounds both."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return 0.0
