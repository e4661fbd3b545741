"""A request's id and language."""

import re
from collections.abc import Callable
from typing import ClassVar

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation

from kauri.lib.errors import InvalidInput, KauriError, MethodNotAllowed, NotAllowed, NotFound
from kauri.lib.ids import uuid7
from kauri.problems import API_PREFIX, CONTENT_TYPE, problem_body

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Give each request an id (the caller's `X-Request-ID` where it is harmless) and log under it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _SAFE_ID.fullmatch(given) else str(uuid7())
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response


class LanguageMiddleware:
    """Speak the user's choice (cookie), else the browser's language if it is ours, else French.

    Django's LocaleMiddleware would do, but for its first guess: a browser set to a language that
    Kauri has not must get French.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary", ""), "Accept-Language"]))
        return response


class ProblemMiddleware:
    """Below /v1/, turn the pages of Django (404, 405, a refused host) into problem details: programs read them."""

    _ERRORS: ClassVar[dict[int, type[KauriError]]] = {
        400: InvalidInput,
        403: NotAllowed,
        404: NotFound,
        405: MethodNotAllowed,
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        error = self._ERRORS.get(response.status_code)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if error and is_page and request.path_info.startswith(API_PREFIX):
            # The rest of the response stays: 405 names in Allow what is taken.
            response.content = problem_body(error())
            response.headers["Content-Type"] = CONTENT_TYPE
            response.headers["Content-Length"] = str(len(response.content))
        return response


class ContentPolicyMiddleware(CSPMiddleware):
    """The strict policy everywhere but in the back office, whose theme needs `unsafe-eval` and inline styles."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 - django-csp's signature
    ) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request=request, response=response, report_only=report_only)
        if request.path_info.startswith("/admin/"):
            parts.replace = {**(parts.replace or {}), **settings.KAURI_ADMIN_CSP}
        return parts
