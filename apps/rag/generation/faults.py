"""Names what went wrong with a provider: from exceptions of its client, statuses, and error bodies."""

from __future__ import annotations

import json
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, cast

from apps.rag.generation.errors import (
    ProviderDenied,
    ProviderFailed,
    ProviderGarbled,
    ProviderRateLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)

# What providers write in `code` or `type` of an error body, as the status that it stands for.
_STATUS_BY_CODE = {
    "insufficient_quota": 402,
    "billing_hard_limit_reached": 402,
    "insufficient_balance": 402,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "context_length_exceeded": 400,
    "invalid_request_error": 400,
    "content_filter": 400,
    "content_policy_violation": 400,
}
_MINOR_CODES = frozenset({"invalid_request_error"})  # the type of nearly all errors of 4xx: the status knows better
_DENIED = frozenset({401, 402, 403, 404})
_PASSING = frozenset({408, 409, 425})


def named(status: int, body: object, headers: Mapping[str, str] | None = None) -> ProviderFailed:
    """Return the failure for an HTTP status and its body; status 0 for an error inside a response of 200."""
    status = _status_of(status, body)
    if status == 429:
        return ProviderRateLimited(retry_after_s(headers or {}))
    if status in _DENIED:
        return ProviderDenied(extra={"status": status})
    if status in _PASSING or status >= 500 or status < 400:
        return ProviderUnavailable(extra={"status": status})
    return ProviderRefused(extra={"status": status})


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a provider asks to wait: milliseconds, seconds or an HTTP date; None without any."""
    try:
        if "retry-after-ms" in headers:
            return _seconds(float(headers["retry-after-ms"]) / 1e3)
        written = headers.get("retry-after", "").strip()
        if not written:
            return None
        if written[0].isdigit() or written[0] in "+-.":
            return _seconds(float(written))
        return _seconds(parsedate_to_datetime(written).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


@asynccontextmanager
async def named_failures() -> AsyncIterator[None]:
    """Turn whatever a provider's client raises in the block into a ProviderFailed."""
    import openai  # noqa: PLC0415 - its import takes up to five seconds: only where a provider is used

    try:
        yield
    except (TimeoutError, openai.APITimeoutError) as error:
        raise ProviderTimeout from error
    except openai.APIStatusError as error:
        raise named(error.status_code, error.body, error.response.headers) from error
    except openai.APIConnectionError as error:
        raise ProviderUnavailable from error
    except openai.APIResponseValidationError as error:
        raise ProviderGarbled from error
    except openai.APIError as error:
        raise named(0, error.body) from error
    except (json.JSONDecodeError, AttributeError, TypeError, LookupError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderGarbled from error


def _status_of(status: int, body: object) -> int:
    """Return the status that an error stands for; its code says more than 429 or 200."""
    fields = _error_fields(body)
    written = [str(fields.get(name) or "").lower() for name in ("code", "type")]
    if not status:
        numbers = (int(value) for value in (*written, str(fields.get("status") or "")) if value.isdecimal())
        status = next((number for number in numbers if 400 <= number <= 599), 0)
    known = [code for code in written if code in _STATUS_BY_CODE and not (status and code in _MINOR_CODES)]
    return _STATUS_BY_CODE[known[0]] if known else status


def _error_fields(body: object) -> Mapping[str, Any]:
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    inner = fields.get("error")
    return cast("dict[str, Any]", inner) if isinstance(inner, dict) else fields


def _seconds(value: float) -> float | None:
    return max(0.0, value) if math.isfinite(value) else None
