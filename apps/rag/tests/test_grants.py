"""Signed scopes: what a token lets search, and every way in which one is none."""

from __future__ import annotations

import base64
import json
import time
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from apps.rag.errors import ScopeRefused, TokenRefused
from apps.rag.grants import Grant, grant_read, grant_sign
from kauri.lib import clock

FIRM, OTHER = UUID(int=1), UUID(int=2)
GRANT = Grant(("references", "syscoa"), (FIRM,), "a client")


def test_a_token_says_what_was_granted() -> None:
    assert grant_read(grant_sign(GRANT, ttl_s=60)) == GRANT


def test_an_expired_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    now = float(int(time.time()))
    monkeypatch.setattr(time, "time", lambda: now)
    token = grant_sign(GRANT, ttl_s=60)
    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert grant_read(token) == GRANT
    monkeypatch.setattr(time, "time", lambda: now + 60)
    with pytest.raises(TokenRefused):
        grant_read(token)


def test_a_token_from_the_future_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: now + 600)
        token = grant_sign(GRANT, ttl_s=60)
    with pytest.raises(TokenRefused):
        grant_read(token)


def _with_claims(token: str, **changes: object) -> str:
    version, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, **changes}).encode()).rstrip(b"=").decode()
    return f"{version}.{forged}.{signature}"


@pytest.mark.parametrize(
    "claims", [{"ns": ["doctrine"]}, {"org": [str(OTHER)]}, {"exp": 2**40}], ids=["namespaces", "organisations", "end"]
)
def test_a_token_that_was_written_on_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        grant_read(_with_claims(grant_sign(GRANT, ttl_s=60), **claims))


@pytest.mark.parametrize("token", ["", "v1", "v1..", "a.b.c", "v1.é.é", "v1.e30.e30", "v1." + "A" * 5000 + ".x"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused):
        grant_read(token)


def test_a_token_of_another_secret_is_refused(settings: Any) -> None:
    token = grant_sign(GRANT, ttl_s=60)
    settings.KAURI_RAG_SECRET = "a secret of thirty-two characters"
    with pytest.raises(TokenRefused):
        grant_read(token)
    assert grant_read(grant_sign(GRANT, ttl_s=60)) == GRANT
    settings.KAURI_RAG_SECRET = ""
    settings.SECRET_KEY = "another one"
    with pytest.raises(TokenRefused):
        grant_read(token)


def test_a_request_may_narrow_what_was_granted() -> None:
    assert GRANT.narrowed().namespaces == GRANT.namespaces
    assert GRANT.narrowed().as_of == clock.today()
    scope = GRANT.narrowed(namespaces=("syscoa", "syscoa"), organisation_ids=(), as_of=date(2020, 1, 1), country="SN")
    assert (scope.namespaces, scope.organisation_ids, scope.as_of, scope.country) == (
        ("syscoa",),
        (),
        date(2020, 1, 1),
        "SN",
    )


@pytest.mark.parametrize("more", [{"namespaces": ("syscoa", "doctrine")}, {"organisation_ids": (FIRM, OTHER)}])
def test_a_request_may_not_ask_for_more(more: dict[str, Any]) -> None:
    with pytest.raises(ScopeRefused):
        GRANT.narrowed(**more)
