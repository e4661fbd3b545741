"""What a caller may search, signed: the credential of gRPC and of the engine's HTTP interface.

A token is `v1.<claims>.<signature>`: the claims as JSON in base64url (RFC 4648, unpadded), signed with HMAC-SHA-256
under KAURI_RAG_SECRET. Who holds the secret may sign; who holds a token may search what it names until it expires.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from apps.rag.errors import ScopeRefused, TokenRefused
from apps.rag.types import Scope
from kauri.lib import clock

_VERSION: Final = "v1"
_AUDIENCE: Final = "kauri.rag.v1"
# Two machines' clocks differ; a token from further in the future was made by a broken one, or for no good.
_SKEW_S: Final = 60


@dataclass(frozen=True, slots=True)
class Grant:
    """The most that a caller may search; `subject` names the caller in logs, never a person by name."""

    namespaces: tuple[str, ...]
    organisation_ids: tuple[UUID, ...] = ()
    subject: str = ""

    def narrowed(
        self,
        *,
        namespaces: Sequence[str] | None = None,
        organisation_ids: Sequence[UUID] | None = None,
        as_of: date | None = None,
        country: str | None = None,
    ) -> Scope:
        """Return the scope asked for; None asks for all that is granted, and for today.

        Raises ScopeRefused for more than is granted: an answer over less than was asked for would mislead.
        """
        wanted = self.namespaces if namespaces is None else tuple(dict.fromkeys(namespaces))
        organisations = self.organisation_ids if organisation_ids is None else tuple(dict.fromkeys(organisation_ids))
        if not set(wanted) <= set(self.namespaces) or not set(organisations) <= set(self.organisation_ids):
            raise ScopeRefused
        return Scope(wanted, organisations, as_of or clock.today(), country or None)


def grant_sign(grant: Grant, *, ttl_s: float) -> str:
    """Return a token for a grant that expires after `ttl_s` seconds."""
    now = int(time.time())
    claims = {
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + int(ttl_s),
        "sub": grant.subject,
        "ns": list(grant.namespaces),
        "org": [str(organisation) for organisation in grant.organisation_ids],
    }
    body = f"{_VERSION}.{_encoded(json.dumps(claims, separators=(',', ':')).encode())}"
    return f"{body}.{_encoded(_signature(body))}"


def grant_read(token: str) -> Grant:
    """Return the grant of a token. Raises TokenRefused where it is missing, forged or out of its time."""
    body, _, signature = token.rpartition(".")
    try:
        is_ours = hmac.compare_digest(_decoded(signature), _signature(body))
        version, _, payload = body.partition(".")
        if not is_ours or version != _VERSION:
            raise TokenRefused
        claims: dict[str, Any] = json.loads(_decoded(payload))
        now = time.time()
        if claims["aud"] != _AUDIENCE or not claims["iat"] - _SKEW_S <= now < claims["exp"]:
            raise TokenRefused
        return Grant(tuple(claims["ns"]), tuple(UUID(each) for each in claims["org"]), str(claims["sub"]))
    except (binascii.Error, UnicodeError, ValueError, KeyError, TypeError) as error:
        raise TokenRefused from error


def _signature(body: str) -> bytes:
    return hmac.new(_key(), body.encode(), hashlib.sha256).digest()


def _key() -> bytes:
    if settings.KAURI_RAG_SECRET:
        return str(settings.KAURI_RAG_SECRET).encode()
    # Processes that share the secret key share this one too, and neither tells the other.
    return salted_hmac("kauri.rag.grant", "key", algorithm="sha256").digest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
