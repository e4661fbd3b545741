"""A request that is sent twice under one key is done once and answered alike."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from kauri.lib.errors import InvalidInput
from kauri.lib.models import IdempotencyKey

MAX_KEY_CHARS = 200


class KeyReused(InvalidInput):
    code = "idempotency_key_reused"
    default_message = _("This idempotency key was used for another request. Send a new key.")


class KeyInvalid(InvalidInput):
    code = "idempotency_key_invalid"
    default_message = _("An idempotency key has 1 to 200 visible ASCII characters.")


def once(
    *, user_id: UUID, key: str, request: Mapping[str, Any], act: Callable[[], Mapping[str, str]]
) -> Mapping[str, str]:
    """Return what `act` returned under this key, now or earlier; without a key, act.

    Runs in the caller's transaction: the key and the effect commit together, so that a key that is
    kept has its response, and a second request waits for the first. Keys are forgotten after 24 h.
    Raises KeyReused for another request under the same key.
    """
    if not key:
        return act()
    if len(key) > MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise KeyInvalid
    if not connection.in_atomic_block:
        raise RuntimeError("an idempotency key is kept in the transaction of its effect")
    fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
    # One statement: a second request under the same key waits here until the first has committed.
    kept, is_new = IdempotencyKey.objects.get_or_create(
        user_id=user_id, key=key, defaults={"request_hash": fingerprint}
    )
    if is_new:
        response = dict(act())
        IdempotencyKey.objects.filter(pk=kept.pk).update(response_status=202, response_body=response)
        return response
    if kept.request_hash != fingerprint:
        raise KeyReused
    return dict(kept.response_body or {})
