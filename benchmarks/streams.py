"""Hold 1,000 streams open on one web process and print what they cost.

    python benchmarks/streams.py [--streams 1000] [--events 40]

Starts stores and a web process of its own, opens the streams at 150 a second, lets every turn emit
its events, and reads threads, memory, Valkey connections and times. Exit code 1 beyond the limits.
"""

import argparse
import asyncio
import os
import socket
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

MAX_THREADS = 24
MAX_KIB_A_STREAM = 25.0
OPENED_A_SECOND = 150
EVENT_EVERY_S = 0.25


@dataclass(slots=True)
class Seen:
    """What one client saw of its stream."""

    first_byte_ms: float = 0.0
    first_event_ms: float = 0.0
    n_events: int = 0
    is_complete: bool = False
    delays_ms: list[float] = field(default_factory=list)


async def watch(port: int, turn_id: UUID, session: str, seen: Seen) -> None:
    """Read one stream by a raw socket to its terminal event."""
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = (
        f"GET /v1/chat/stream?response_id={turn_id} HTTP/1.1\r\nHost: localhost\r\n"
        f"Accept: text/event-stream\r\nCookie: {session}\r\n\r\n"
    )
    writer.write(request.encode())
    tail = b""
    while chunk := await reader.read(65536):
        now = time.perf_counter()
        seen.first_byte_ms = seen.first_byte_ms or (now - started) * 1000
        if b"event: " in chunk and not seen.first_event_ms:
            seen.first_event_ms = (now - started) * 1000
        for part in chunk.split(b'"sent":')[1:]:
            seen.delays_ms.append(time.time() * 1000 - float(part.split(b"}")[0]))
        seen.n_events += chunk.count(b"\nevent: ")
        tail = (tail + chunk)[-200:]
        if b"event: response.completed" in tail:
            seen.is_complete = True
            break
    writer.close()


async def emit(log: Any, turn_ids: list[UUID], n_events: int) -> None:
    """Append `n_events` to every turn, spread evenly over each period."""
    from kauri.lib.turnlog import Entry

    for seq in range(2, n_events + 1):
        started = time.monotonic()
        for position, turn_id in enumerate(turn_ids):
            event = "response.completed" if seq == n_events else "response.output_text.delta"
            text = f'{{"delta":"{"mot " * 8}","sent":{time.time() * 1000:.1f}}}'
            await log.append(turn_id, 1, [Entry(seq, event, text)])
            if position % 50 == 49:
                await asyncio.sleep(0)
        await asyncio.sleep(max(0.0, EVENT_EVERY_S - (time.monotonic() - started)))


def make_turns(n: int) -> tuple[list[UUID], str]:
    """Create a person with `n` running turns; return the turns and the session's cookie."""
    from datetime import timedelta

    from django.conf import settings
    from django.test import Client

    from apps.accounts.services import user_create
    from apps.chat.models import Conversation, Message, Turn
    from kauri.lib import clock

    user = user_create(email="streams@example.com", password=os.urandom(12).hex())
    client = Client()
    client.force_login(user)
    now = clock.now()
    conversations = Conversation.objects.bulk_create(
        [Conversation(user=user, title="?", updated_at=now) for _ in range(n)]
    )
    messages = Message.objects.bulk_create(
        [Message(conversation=one, role="assistant", status="pending", as_of=now.date()) for one in conversations]
    )
    turns = Turn.objects.bulk_create(
        [
            Turn(
                conversation=message.conversation,
                message=message,
                state="running",
                fence=1,
                lease_until=now + timedelta(hours=1),
            )
            for message in messages
        ]
    )
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return [turn.pk for turn in turns], f"{settings.SESSION_COOKIE_NAME}={cookie}"


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def n_connections(url: str) -> int:
    """Ask Valkey how many clients it has."""
    import redis

    with redis.Redis.from_url(url) as client:
        return len(client.client_list())


async def measure(port: int, pid: int, turn_ids: list[UUID], session: str, n_events: int) -> dict[str, float]:
    """Open, emit, read; return the figures."""
    import psutil
    from django.conf import settings

    from kauri.lib.turnlog import Entry, TurnLog

    web = psutil.Process(pid)
    async with TurnLog(settings.REDIS_STATE_URL) as log:
        for turn_id in turn_ids:
            await log.append(turn_id, 1, [Entry(1, "response.created", '{"type":"response.created"}')])
        # The first streams load code and fill pools; they are no part of a stream's price.
        warm = [asyncio.create_task(watch(port, turn_id, session, Seen())) for turn_id in turn_ids[-20:]]
        await asyncio.sleep(2)
        for task in warm:
            task.cancel()
        await asyncio.gather(*warm, return_exceptions=True)
        await asyncio.sleep(1)
        clients_before, rss_before = n_connections(settings.REDIS_STATE_URL), web.memory_info().rss
        seen = [Seen() for _ in turn_ids]
        tasks = []
        for turn_id, one in zip(turn_ids, seen, strict=True):
            tasks.append(asyncio.create_task(watch(port, turn_id, session, one)))
            await asyncio.sleep(1 / OPENED_A_SECOND)
        await asyncio.sleep(2)
        clients_open, rss_open, threads_open = (
            n_connections(settings.REDIS_STATE_URL),
            web.memory_info().rss,
            web.num_threads(),
        )
        cpu_before, started = sum(web.cpu_times()[:2]), time.monotonic()
        await emit(log, turn_ids, n_events)
        async with asyncio.timeout(120):
            await asyncio.gather(*tasks)
        elapsed_s = time.monotonic() - started
        return {
            "streams": len(seen),
            "streams complete": sum(one.is_complete and one.n_events == n_events for one in seen),
            "threads": threads_open,
            "threads at the end": web.num_threads(),
            "Valkey connections before": clients_before,
            "Valkey connections with all open": clients_open,
            "Valkey connections at the end": n_connections(settings.REDIS_STATE_URL),
            "memory a stream, KiB": (rss_open - rss_before) / 1024 / len(seen),
            "memory a stream while they speak, KiB": (web.memory_info().rss - rss_before) / 1024 / len(seen),
            "first byte p95, ms": p95([one.first_byte_ms for one in seen]),
            "first event p95, ms": p95([one.first_event_ms for one in seen]),
            "event on its way p95, ms": p95([delay for one in seen for delay in one.delays_ms]),
            "events a second": len(seen) * n_events / elapsed_s,
            "CPU of the web process, %": (sum(web.cpu_times()[:2]) - cpu_before) / elapsed_s * 100,
        }


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_web(port: int) -> Any:
    """Start a web process and wait until it answers."""
    import subprocess
    import urllib.request

    command = [sys.executable, "-m", "uvicorn", "kauri.asgi:application", "--port", str(port)]
    process = subprocess.Popen([*command, "--no-access-log", "--log-level", "warning"])
    for _ in range(600):
        time.sleep(0.1)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health/live", timeout=1)
        except OSError:
            continue
        return process
    raise SystemExit("the web process does not answer")


def run(n_streams: int, n_events: int) -> int:
    """Measure and print; return the exit code."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "kauri.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    turn_ids, session = make_turns(n_streams)
    connections.close_all()
    port = free_port()
    process = start_web(port)
    try:
        figures = asyncio.run(measure(port, process.pid, turn_ids, session, n_events))
    finally:
        process.terminate()
        process.wait(20)
    for name, value in figures.items():
        print(f"{name:40} {value:10.1f}")
    holds = (
        figures["streams complete"] == n_streams
        and max(figures["threads"], figures["threads at the end"]) <= MAX_THREADS
        and figures["memory a stream, KiB"] <= MAX_KIB_A_STREAM
        and figures["Valkey connections with all open"] - figures["Valkey connections before"] < 10
    )
    print("within the limits" if holds else "BEYOND THE LIMITS")
    return 0 if holds else 1


def main() -> None:
    """Start the stores, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--events", type=int, default=40)
    options = parser.parse_args()
    from kauri.launcher.testing import test_environment

    with test_environment():
        code = run(options.streams, options.events)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
