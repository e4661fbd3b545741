"""The one mapping of Kauri's errors to gRPC, and back to the same errors in the caller's process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import grpc
from django.utils.translation import gettext as _

from apps.rag.errors import RetrievalUnavailable
from kauri.lib.errors import InvalidInput, KauriError

_CODES: Final[Mapping[int, grpc.StatusCode]] = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
# `-bin` lets any byte through: the sentence is in the reader's language.
_DETAILS: Final = "kauri-error-bin"
# The engine has its own retries; what it calls unavailable must not be asked again by gRPC at once.
_NO_RETRY: Final = ("grpc-retry-pushback-ms", "-1")


async def refuse(context: grpc.aio.ServicerContext[Any, Any], error: KauriError) -> NoReturn:
    """End a call with an error: its code, its sentence in the active language, and what a program needs."""
    message = str(error.message)
    details = {"code": error.code, "message": message, "permanent": error.permanent, "extra": dict(error.extra)}
    payload = json.dumps(details, ensure_ascii=False, default=str).encode()
    code = _CODES.get(error.status, grpc.StatusCode.INTERNAL)
    await context.abort(code, message, ((_DETAILS, payload), _NO_RETRY))


def error_of(failure: grpc.aio.AioRpcError) -> KauriError:
    """Return the error that the server raised, or what its silence means: RetrievalUnavailable."""
    for name, value in failure.trailing_metadata() or ():
        if name == _DETAILS:
            return _told(json.loads(value))
    if failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in (failure.details() or ""):
        return InvalidInput(_("The request or its answer is too large."))
    return RetrievalUnavailable()


def _told(details: Mapping[str, Any]) -> KauriError:
    kind = _kinds().get(details["code"], KauriError)
    error = kind.__new__(kind)
    KauriError.__init__(error, details["message"], extra=details["extra"])
    if error.permanent != details["permanent"]:
        error.permanent = details["permanent"]
    if kind is KauriError:
        error.code = details["code"]
    return error


def _kinds() -> Mapping[str, type[KauriError]]:
    # Not remembered: a module that is imported later brings its errors along.
    found: list[type[KauriError]] = [KauriError]
    for kind in found:
        found.extend(kind.__subclasses__())
    # A class that shares the code of the one above it is told as that one.
    return {kind.code: kind for kind in reversed(found)}
