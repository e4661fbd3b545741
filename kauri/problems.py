"""The one mapping from errors to HTTP: RFC 9457 problem details."""

import json
import sys
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from kauri.lib.errors import (
    DatabaseAway,
    InvalidInput,
    KauriError,
    MethodNotAllowed,
    NotAllowed,
    NotAuthenticated,
    NotFound,
)

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/v1/"
# What Django raises where PostgreSQL is away or ends the connection.
DATABASE_FAULTS = (OperationalError, InterfaceError)


def problem(error: KauriError) -> dict[str, Any]:
    """Return the RFC 9457 members of an error: `type` is its stable code, `detail` its sentence."""
    return {
        "type": f"urn:kauri:problem:{error.code}",
        "title": error.code.replace("_", " "),
        "status": error.status,
        "detail": str(error.message),
        "code": error.code,
        "retryable": not error.permanent,
        **error.extra,
    }


def problem_body(error: KauriError) -> bytes:
    """Return `problem(error)` as it is sent."""
    return json.dumps(problem(error), ensure_ascii=False).encode()


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what no view caught: 503 where the database is away, else 500; JSON below /v1/, a page elsewhere."""
    error = DatabaseAway() if isinstance(sys.exception(), DATABASE_FAULTS) else KauriError()
    # What fails outside LanguageMiddleware has no language yet.
    with translation.override(translation.get_language_from_request(request)):
        if request.path_info.startswith(API_PREFIX):
            return HttpResponse(problem_body(error), content_type=CONTENT_TYPE, status=error.status)
        # No request: whatever reads the session could fail once more.
        return render(None, f"{error.status}.html", status=error.status)


def drf_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Translate whatever a DRF view raised; None lets Django answer 500."""
    error = _as_kauri(exc)
    if error is None:
        return None
    set_rollback()
    response = Response(problem(error), status=error.status, content_type=CONTENT_TYPE)
    if error.status == 401:
        response["WWW-Authenticate"] = "Session"
    wait_s = getattr(exc, "wait", None)
    if wait_s:
        response["Retry-After"] = str(int(wait_s) + 1)
    return response


def _as_kauri(exc: Exception) -> KauriError | None:
    match exc:
        case KauriError():
            return exc
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotAuthenticated(
                _(
                    "This address serves Kauri's own pages: sign in there first."
                    " Other programs call /v1/rag with a token (Authorization: Bearer …)."
                )
            )
        case OperationalError() | InterfaceError():
            return DatabaseAway()
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed()
        case Http404() | exceptions.NotFound():
            return NotFound()
        case PermissionDenied() | exceptions.PermissionDenied():
            return NotAllowed(str(getattr(exc, "detail", "")) or None)
        case exceptions.ValidationError():
            return InvalidInput(_("Some fields cannot be used as they are."), extra={"errors": exc.detail})
        case exceptions.APIException():
            return _plain(exc)
    return None


def _plain(exc: exceptions.APIException) -> KauriError:
    error = KauriError(str(exc.detail))
    error.code, error.status = exc.default_code, exc.status_code
    return error
