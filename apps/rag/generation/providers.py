"""Asking the providers for one completion: one retry loop, one limit of time, a breaker for each."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from typing import cast

from django.conf import settings

from apps.rag.errors import ModelFailed
from apps.rag.generation.errors import (
    ProviderDenied,
    ProviderFailed,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderTruncated,
    ProviderUnavailable,
)
from apps.rag.ports import ChatDelta, ChatModel, ChatTurn
from kauri.lib.breaker import Breaker, BreakerOpen, Permit

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3  # over all providers
_BACKOFF_S = 0.25
# Providers that did not take the key when this process asked last.
_denied: set[str] = set()
_MAX_WAIT_S = 2.0  # a reader is better served by quotations than by a longer wait


@dataclass(frozen=True, slots=True)
class Opened:
    """Another attempt begins: what came before it is void."""

    model: ChatModel


@cache
def breaker_for(provider: str) -> Breaker:
    """Return this process's breaker of a provider; its state is shared with the other processes."""
    lease_s = settings.KAURI_LLM_TOTAL_TIMEOUT_S + settings.KAURI_LLM_FIRST_TOKEN_TIMEOUT_S + 15
    return Breaker(f"llm-{provider}", settings.REDIS_STATE_URL, probe_lease_s=lease_s)


async def completion(
    models: Sequence[ChatModel],
    messages: Sequence[ChatTurn],
    *,
    total_s: float | None = None,
    n_attempts: int = MAX_ATTEMPTS,
) -> AsyncGenerator[Opened | ChatDelta, None]:
    """Yield an Opened and the deltas after it, for each attempt; those after the last Opened are the completion.

    The provider that may be asked soonest is asked, in the order given: so a failure goes to the next provider at
    once, and comes back to the same one only after a pause (jittered, or as its Retry-After says). Attempts and
    pauses end together after `total_s` (by default the setting's). Raises the last ProviderFailed when no provider
    gave a whole completion, ProviderDenied only where time would help none of them, and ProviderTruncated after the
    deltas of one that was cut by its length.
    """
    clock = asyncio.get_running_loop().time
    total_s = settings.KAURI_LLM_TOTAL_TIMEOUT_S if total_s is None else total_s
    limit = _Limit(clock() + total_s, clock() + total_s / 2)
    candidates = [_Candidate(model) for model in models]
    last: ModelFailed | None = None
    n_asked = 0
    while n_asked < n_attempts and (candidate := await _next(candidates, limit.deadline)) is not None:
        breaker = breaker_for(candidate.model.provider)
        try:
            permit = await breaker.acquire()
        except BreakerOpen:
            candidate.is_out = True
            if last is None or isinstance(last, ProviderDenied):
                is_denied = candidate.model.provider in _denied
                last = _the_worse(last, ProviderDenied() if is_denied else ProviderUnavailable())
            continue
        n_asked += 1
        began = clock()
        try:
            async with aclosing(_attempt(candidate.model, messages, (breaker, permit), limit)) as pieces:
                async for piece in pieces:
                    yield piece
            _denied.discard(candidate.model.provider)
            return
        except ProviderTruncated:
            raise
        except ModelFailed as error:
            logger.warning(
                "provider %s failed: %s, attempt %d, after %.1f s",
                candidate.model.provider, error.code, n_asked, clock() - began,
            )  # fmt: skip
            candidate.note(error, clock())
            (_denied.add if isinstance(error, ProviderDenied) else _denied.discard)(candidate.model.provider)
            last = _the_worse(last, error)
    raise last or ProviderUnavailable()


def _the_worse(last: ModelFailed | None, error: ModelFailed) -> ModelFailed:
    """Return the failure to tell of: a denial only where there was nothing else, for who waits may have the other."""
    return last if last is not None and isinstance(error, ProviderDenied) else error


@dataclass(frozen=True, slots=True)
class _Limit:
    """When an answer's time is up, and when half of it is gone (loop time)."""

    deadline: float
    halfway: float


@dataclass(slots=True)
class _Candidate:
    """A provider's standing in one answer: out for good, or to be asked from `ready_at` (loop time) on."""

    model: ChatModel
    ready_at: float = 0.0
    n_failures: int = 0
    is_out: bool = False

    def note(self, error: ModelFailed, now: float) -> None:
        """Take a failure into account."""
        # A time-out is not tried again: the reader has waited long enough for this one.
        self.is_out = error.permanent or isinstance(error, ProviderTimeout)
        asked = error.retry_after_s if isinstance(error, ProviderRateLimited) else None
        # Jittered, so that turns that failed together do not return together.
        jitter = 1 + random.random()  # noqa: S311 - no secret hangs on it
        backoff = _BACKOFF_S * 2**self.n_failures * jitter
        self.ready_at = now + (backoff if asked is None else asked)
        self.n_failures += 1


async def _next(candidates: Sequence[_Candidate], deadline: float) -> _Candidate | None:
    """Return the provider to ask, after the pause that it needs; None when there is none, or none soon enough."""
    now = asyncio.get_running_loop().time()
    left = [candidate for candidate in candidates if not candidate.is_out]
    soonest = min(left, key=lambda candidate: max(now, candidate.ready_at), default=None)
    if soonest is None or now >= deadline:
        return None
    wait_s = soonest.ready_at - now
    if wait_s > _MAX_WAIT_S or soonest.ready_at >= deadline:
        return None
    if wait_s > 0:
        await asyncio.sleep(wait_s)
    return soonest


async def _attempt(
    model: ChatModel, messages: Sequence[ChatTurn], leave: tuple[Breaker, Permit], limit: _Limit
) -> AsyncGenerator[Opened | ChatDelta, None]:
    """Yield one provider's completion and tell its breaker how it ended."""
    breaker, permit = leave
    is_settled = False
    try:
        yield Opened(model)
        async with aclosing(_within(model, messages, limit)) as deltas:
            async for delta in deltas:
                yield delta
        is_settled = True
        await breaker.succeed(permit)
    except ModelFailed as error:
        is_settled = True
        if isinstance(error, ProviderTruncated):
            await breaker.succeed(permit)
        elif isinstance(error, ProviderFailed) and error.says_nothing:
            await breaker.release(permit)
        else:
            await breaker.fail(permit)
        raise
    finally:
        if not is_settled:
            # The turn was stopped: that says nothing about the provider.
            await asyncio.shield(breaker.release(permit))


class _OutOfTime(ProviderTimeout):
    """The answer's time is up, of which this provider had only a part."""

    says_nothing = True


async def _within(model: ChatModel, messages: Sequence[ChatTurn], limit: _Limit) -> AsyncGenerator[ChatDelta, None]:
    """Yield a model's deltas until the answer's time is up."""
    began = asyncio.get_running_loop().time()
    stream = cast("AsyncGenerator[ChatDelta, None]", model.stream(messages))
    async with aclosing(stream) as deltas:
        iterator = aiter(deltas)
        while True:
            try:
                async with asyncio.timeout_at(limit.deadline):
                    delta = await anext(iterator, None)
            except TimeoutError as error:
                raise (ProviderTimeout if began < limit.halfway else _OutOfTime) from error
            if delta is None:
                return
            yield delta
