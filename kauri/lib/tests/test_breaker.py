"""The breaker over a real Valkey, over several processes, and without one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from django.conf import settings

from kauri.lib.breaker import Breaker, BreakerOpen, Permit, close_connections

NOWHERE = "redis://127.0.0.1:1/0"
OPEN_S = 0.3
ROOT = Path(__file__).resolve().parents[3]


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(params=["valkey", "local"])
async def breaker(request: pytest.FixtureRequest) -> AsyncIterator[Breaker]:
    url = settings.REDIS_STATE_URL if request.param == "valkey" else NOWHERE
    made = Breaker(f"test-{uuid.uuid4().hex}", url, open_s=OPEN_S, probe_lease_s=1.0)
    yield made
    await close_connections()


async def fail_times(breaker: Breaker, n: int) -> None:
    for _ in range(n):
        await breaker.fail(await breaker.acquire())


async def test_four_failures_leave_it_closed_and_the_fifth_opens_it(breaker: Breaker) -> None:
    await fail_times(breaker, 4)
    permit = await breaker.acquire()
    assert permit.probe == ""
    await breaker.fail(permit)
    with pytest.raises(BreakerOpen) as caught:
        await breaker.acquire()
    assert 0 < caught.value.retry_after_s <= OPEN_S
    assert not caught.value.permanent


async def test_a_success_forgets_the_failures_before_it(breaker: Breaker) -> None:
    await fail_times(breaker, 4)
    await breaker.succeed(await breaker.acquire())
    await fail_times(breaker, 4)
    assert await breaker.acquire()


async def test_after_the_pause_one_caller_probes_and_the_others_wait(breaker: Breaker) -> None:
    await fail_times(breaker, 5)
    await asyncio.sleep(OPEN_S + 0.05)
    outcomes = await asyncio.gather(*(breaker.acquire() for _ in range(8)), return_exceptions=True)
    permits = [outcome for outcome in outcomes if isinstance(outcome, Permit)]
    assert len(permits) == 1
    assert permits[0].probe
    assert all(isinstance(outcome, BreakerOpen) for outcome in outcomes if outcome is not permits[0])


async def test_a_good_probe_closes_it_and_a_bad_one_opens_it_again(breaker: Breaker) -> None:
    await fail_times(breaker, 5)
    await asyncio.sleep(OPEN_S + 0.05)
    await breaker.fail(await breaker.acquire())
    with pytest.raises(BreakerOpen):
        await breaker.acquire()
    await asyncio.sleep(OPEN_S + 0.05)
    await breaker.succeed(await breaker.acquire())
    assert (await breaker.acquire()).probe == ""


async def test_a_released_probe_lets_the_next_caller_probe(breaker: Breaker) -> None:
    await fail_times(breaker, 5)
    await asyncio.sleep(OPEN_S + 0.05)
    await breaker.release(await breaker.acquire())
    assert (await breaker.acquire()).probe


async def test_a_late_success_of_an_ordinary_call_does_not_close_it(breaker: Breaker) -> None:
    early = await breaker.acquire()
    await fail_times(breaker, 5)
    await breaker.succeed(early)
    with pytest.raises(BreakerOpen):
        await breaker.acquire()


async def test_a_probe_whose_process_died_is_replaced_when_its_lease_ends() -> None:
    clock = Clock()
    breaker = Breaker("test", NOWHERE, open_s=30, probe_lease_s=120, clock=clock)
    await fail_times(breaker, 5)
    clock.now_s += 31
    assert (await breaker.acquire()).probe
    clock.now_s += 119
    with pytest.raises(BreakerOpen):
        await breaker.acquire()
    clock.now_s += 2
    assert (await breaker.acquire()).probe


async def test_a_dead_valkey_is_asked_again_only_after_a_pause() -> None:
    clock = Clock()
    breaker = Breaker("test", NOWHERE, clock=clock)
    await breaker.acquire()
    assert breaker._valkey_down_until_s == clock.now_s + 5


_PROBER = """
import asyncio, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "kauri.settings"
from kauri.lib.breaker import Breaker, BreakerOpen
async def main():
    breaker = Breaker(sys.argv[1], sys.argv[2], open_s=0.1, probe_lease_s=30)
    async def ask():
        try:
            return bool((await breaker.acquire()).probe)
        except BreakerOpen:
            return False
    print(sum(await asyncio.gather(*(ask() for _ in range(10)))))
asyncio.run(main())
"""


@pytest.mark.parametrize("breaker", ["valkey"], indirect=True)
async def test_four_processes_share_one_probe(breaker: Breaker) -> None:
    await fail_times(breaker, 5)
    await asyncio.sleep(OPEN_S)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _PROBER, breaker.name, breaker.redis_url],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    probes = [int((await asyncio.to_thread(child.communicate))[0]) for child in children]
    assert sum(probes) == 1
