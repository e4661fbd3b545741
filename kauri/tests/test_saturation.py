"""More requests that take their time than a process has threads for: none waits for ever, and health is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import httpx
import pytest

from apps.chat.tests.conftest import web_environment
from apps.chat.tests.live import LiveDatabase, Person, WebProcess, events_of, text_of
from apps.rag.grants import Grant, grant_sign
from apps.rag.tests.endpoints import DIMENSION, EmbeddingsServer, serve_embeddings
from apps.rag.tests.providers import ProviderServer

N_THREADS = 3
N_SLOW = 12
SECRET = "a secret for the tests of saturation"
QUESTION = "Quel est le capital minimum d’une SARL ?"
# far below what a stream or a late endpoint takes, and far above what a busy machine needs
HEALTHY_S = 2.0


@pytest.fixture(scope="module")
def endpoint() -> Iterator[EmbeddingsServer]:
    with serve_embeddings() as server:
        yield server


@pytest.fixture(scope="module")
def small(
    live_database: LiveDatabase,
    provider_server: ProviderServer,
    endpoint: EmbeddingsServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[WebProcess]:
    environment = web_environment(provider_server, tmp_path_factory.mktemp("var")) | {
        "KAURI_REQUEST_THREADS": str(N_THREADS),
        "KAURI_RAG_SECRET": SECRET,
        "LLM_FIRST_TOKEN_TIMEOUT_S": "30",
        "EMBEDDER": "remote",
        "EMBEDDER_MODEL": "saturation",
        "EMBEDDER_BASE_URL": endpoint.url,
        "EMBEDDER_DIMENSION": str(DIMENSION),
    }
    process = WebProcess(live_database, **environment)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=2 * N_SLOW) as pool:
        yield pool


def bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {grant_sign(Grant(('references',), (), 'a test'), ttl_s=120)}"}


def streamed(client: httpx.Client, address: str, number: int, headers: dict[str, str]) -> bytes:
    question = {"question": f"{QUESTION} Dossier {number}."}
    with client.stream("POST", address, json=question, headers={"Accept": "text/event-stream", **headers}) as response:
        assert response.status_code == 200
        return response.read()


def assert_healthy(process: WebProcess) -> None:
    for name in ("live", "ready"):
        began = time.monotonic()
        assert httpx.get(f"{process.url}/v1/health/{name}", timeout=HEALTHY_S).status_code == 200
        assert time.monotonic() - began < HEALTHY_S


def test_more_streams_than_threads_all_end_and_health_is_told_meanwhile(
    small: WebProcess,
    owner: Person,
    provider: ProviderServer,
    callers: ThreadPoolExecutor,
    settings: object,
) -> None:
    settings.KAURI_RAG_SECRET = SECRET  # type: ignore[attr-defined] # the fixture
    provider.delay_s = 0.3
    with small.client(owner) as client:
        chats = [callers.submit(streamed, client, "/v1/chat/query", n, {}) for n in range(N_SLOW)]
        answers = [callers.submit(streamed, client, "/v1/rag/generate", n, bearer()) for n in range(N_SLOW)]
        while provider.n_open < N_SLOW:
            assert not any(each.done() for each in chats), "the streams were not slow"
            time.sleep(0.05)
        for _ in range(3):
            assert_healthy(small)
        assert client.get("/", timeout=10).status_code == 200
        assert any(not each.done() for each in chats), "the streams were over before health was asked"
        told = [events_of(each.result(timeout=60)) for each in chats]
        generated = [events_of(each.result(timeout=60)) for each in answers]
    assert all(events[-1].name == "response.completed" and "million" in text_of(events) for events in told)
    assert all(events[-1].name == "finished" for events in generated)


def test_threads_that_all_wait_for_a_coroutine_leave_health_its_own(
    small: WebProcess, endpoint: EmbeddingsServer, callers: ThreadPoolExecutor, settings: object
) -> None:
    settings.KAURI_RAG_SECRET = SECRET  # type: ignore[attr-defined] # the fixture
    endpoint.released.clear()
    endpoint.modes = ["late"]
    n_before = len(endpoint.asked)
    with httpx.Client(base_url=small.url, headers=bearer(), timeout=60) as client:
        waiting = [callers.submit(embedded, client, n) for n in range(N_SLOW)]
        while len(endpoint.asked) == n_before:
            time.sleep(0.05)
        time.sleep(0.5)
        try:
            assert not any(each.done() for each in waiting)
            assert_healthy(small)
        finally:
            endpoint.released.set()
        done, _ = wait(waiting, timeout=60)
    assert len(done) == N_SLOW
    assert [each.result() for each in waiting] == [200] * N_SLOW
    assert_healthy(small)


def embedded(client: httpx.Client, number: int) -> int:
    return client.post("/v1/rag/embed", json={"texts": [f"un texte à part, le {number}e"]}).status_code
