"""Credential to principal, for HTTP and the stream."""

from collections.abc import MutableMapping
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, parse_cookie
from django.utils.crypto import constant_time_compare
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from apps.accounts.models import User
from apps.accounts.selectors import principal_of, user_get
from apps.accounts.types import ANONYMOUS, Principal


class SessionWithChallenge(SessionAuthentication):
    """Session login for the API; answers 401, not 403, to a visitor without one."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


def principal_for_user(user: User | AnonymousUser) -> Principal:
    """Return the principal of a request's user."""
    return principal_of(user) if isinstance(user, User) and user.is_active else ANONYMOUS


def principal_for_request(request: HttpRequest | Request) -> Principal:
    """Return who sent a request; the memberships are read once a request."""
    inner = request._request if isinstance(request, Request) else request  # noqa: SLF001 - DRF has no public way
    principal: Principal | None = getattr(inner, "_kauri_principal", None)
    if principal is None or principal.user_id != getattr(request.user, "pk", None):
        principal = principal_for_user(request.user)
        inner._kauri_principal = principal  # type: ignore[attr-defined] # noqa: SLF001 - a cache on our own request
    return principal


def principal_from_scope(scope: MutableMapping[str, Any]) -> Principal:
    """Return who opened an ASGI connection, by its session cookie; reads the database."""
    key = _session_key(scope)
    return _principal_of_session(key) if key else ANONYMOUS


def _session_key(scope: MutableMapping[str, Any]) -> str:
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            # As Django reads them: SimpleCookie drops every cookie after one that breaks the grammar, and other
            # programs on localhost set such ones.
            return parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return ""


def _principal_of_session(key: str) -> Principal:
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user_id = session.get(SESSION_KEY)
    if not user_id or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return ANONYMOUS
    user = user_get(UUID(user_id))
    # The same test that Django makes at each request: a changed password ends the other sessions.
    if (
        user is None
        or not user.is_active
        or not constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    ):
        return ANONYMOUS
    return principal_of(user)
