"""Asking a provider: one retry loop and one breaker, however many providers there are."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import cache
from typing import cast

from django.conf import settings

from apps.rag.errors import ModelFailed
from apps.rag.generation.errors import ProviderRefused, ProviderTimeout, ProviderTruncated
from apps.rag.ports import ChatDelta, ChatModel, ChatTurn
from kauri.lib.breaker import Breaker

logger = logging.getLogger(__name__)

_MAX_ATTEMPTS = 2
_BACKOFF_S = 0.25


@cache
def breaker_for(provider: str) -> Breaker:
    """Return this process's breaker of a provider; its state is shared with the other processes."""
    lease_s = settings.KAURI_LLM_TOTAL_TIMEOUT_S + settings.KAURI_LLM_FIRST_TOKEN_TIMEOUT_S + 15
    return Breaker(f"llm-{provider}", settings.REDIS_STATE_URL, probe_lease_s=lease_s)


async def stream_from(model: ChatModel, messages: Sequence[ChatTurn]) -> AsyncGenerator[ChatDelta, None]:
    """Yield one provider's completion under its breaker.

    Raises BreakerOpen without asking, or a ModelFailed. A failure before the first delta is tried once more
    when it is not permanent; a time-out is not, since the reader has waited long enough.
    """
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        has_started = False
        try:
            async with aclosing(_guarded(model, messages)) as deltas:
                async for delta in deltas:
                    has_started = has_started or bool(delta.text)
                    yield delta
            return
        except ModelFailed as error:
            is_final = has_started or error.permanent or isinstance(error, ProviderTimeout) or attempt == _MAX_ATTEMPTS
            logger.warning("provider %s failed: %s, attempt %d", model.provider, error.code, attempt)
            if is_final:
                raise
        # Jittered, so that turns that failed together do not return together.
        await asyncio.sleep(_BACKOFF_S * (1 + random.random()))  # noqa: S311 - no secret hangs on it


async def _guarded(model: ChatModel, messages: Sequence[ChatTurn]) -> AsyncGenerator[ChatDelta, None]:
    breaker = breaker_for(model.provider)
    permit = await breaker.acquire()
    is_settled = False
    try:
        stream = cast("AsyncGenerator[ChatDelta, None]", model.stream(messages))
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                yield delta
        is_settled = True
        await breaker.succeed(permit)
    except ProviderTruncated:
        is_settled = True
        await breaker.succeed(permit)
        raise
    except ModelFailed as error:
        is_settled = True
        await (breaker.release(permit) if _says_nothing(error) else breaker.fail(permit))
        raise
    finally:
        if not is_settled:
            # The turn was stopped: that says nothing about the provider.
            await asyncio.shield(breaker.release(permit))


def _says_nothing(error: ModelFailed) -> bool:
    """Tell whether a failure is about this request and not about the provider."""
    return isinstance(error, ProviderRefused) and error.extra.get("status") in {400, 413, 422}
