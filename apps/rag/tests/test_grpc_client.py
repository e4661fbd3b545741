"""Our own gRPC client: the end and the return of a server, TLS, secrets, several loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.rag.errors import RetrievalUnavailable
from apps.rag.grpc import options
from apps.rag.grpc.client import RemoteEngine
from apps.rag.grpc.server import RagServer
from apps.rag.tests.scripted import ASKED, RESULT, Scripted, idle
from apps.rag.tests.served import serving
from apps.rag.types import (
    AnswerEvent,
    Finished,
    Question,
    SearchResult,
    TextDelta,
)
from kauri.lib import clock
from kauri.lib.errors import InvalidInput


@pytest.fixture
def engine() -> Scripted:
    return Scripted()


@pytest.fixture
async def server(engine: Scripted) -> AsyncIterator[RagServer]:
    async with serving(engine) as running:
        yield running


async def test_our_own_client_names_a_message_that_is_too_large(server: RagServer) -> None:
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    with pytest.raises(InvalidInput):
        await client.embed(["x" * options.MAX_REQUEST_BYTES])
    await client.close()


async def test_more_texts_than_one_message_holds_go_in_several(server: RagServer) -> None:
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    made = await client.embed([f"texte {n}" for n in range(300)])
    assert (made.vectors.shape, made.model, made.revision) == ((300, 512), "scripted", "1")
    await client.close()


async def test_vectors_of_two_models_are_not_put_together(engine: Scripted, server: RagServer) -> None:
    engine.embedders = ("first", "second")
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    with pytest.raises(RetrievalUnavailable):
        await client.embed([f"texte {n}" for n in range(200)])
    await client.close()


async def test_a_stop_lets_running_answers_end(engine: Scripted) -> None:
    engine.pause_s = 0.2
    server = RagServer(engine, host="127.0.0.1", port=0)
    await server.start()
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    events = cast("AsyncGenerator[AnswerEvent, None]", client.answer(ASKED))
    await anext(events)
    stopping = asyncio.create_task(server.stop(grace_s=5))
    kinds = [type(event) async for event in events]
    assert kinds == [TextDelta] * 3 + [Finished]
    await stopping
    await client.close()


async def test_what_does_not_end_in_time_is_cut_off_and_may_be_asked_again(engine: Scripted) -> None:
    engine.pause_s = 30
    server = RagServer(engine, host="127.0.0.1", port=0)
    await server.start()
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    events = cast("AsyncGenerator[AnswerEvent, None]", client.answer(ASKED))
    async with aclosing(events):
        await anext(events)
        stopping = asyncio.create_task(server.stop(grace_s=0.2))
        with pytest.raises(RetrievalUnavailable) as caught:
            await anext(events)
    assert not caught.value.permanent
    await stopping
    await idle(engine)
    await client.close()


@pytest.mark.parametrize("ending", [None, asyncio.CancelledError()], ids=["without an end", "cancelled over there"])
async def test_an_answer_that_breaks_off_over_there_is_no_answer(
    ending: BaseException | None, server: RagServer, engine: Scripted
) -> None:
    engine.has_end, engine.ending = False, ending
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    with pytest.raises(RetrievalUnavailable) as caught:
        _ = [event async for event in client.answer(ASKED)]
    assert not caught.value.permanent
    await client.close()


async def test_what_the_engine_calls_unavailable_is_not_asked_again_at_once(
    server: RagServer, engine: Scripted
) -> None:
    asked: list[Question] = []

    async def down(question: Question) -> SearchResult:
        asked.append(question)
        raise RetrievalUnavailable

    engine.search = down  # type: ignore[method-assign] # the engine is the test's own
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    with pytest.raises(RetrievalUnavailable):
        await client.search(ASKED)
    assert len(asked) == 1
    await client.close()


async def test_the_client_finds_a_server_that_was_started_again(engine: Scripted) -> None:
    async with serving(engine) as first:
        port = first.port
        client = RemoteEngine(f"grpc://127.0.0.1:{port}")
        await client.warm()
        assert (client.is_warm, client.revision) == (True, 7)
        assert await client.search(ASKED) == RESULT
    with pytest.raises(RetrievalUnavailable):
        await client.search(ASKED)
    await client.warm()
    assert not bool(client.is_warm)
    async with serving(engine, port=port):
        async with asyncio.timeout(10):
            while True:
                with suppress(RetrievalUnavailable):
                    assert await client.search(ASKED) == RESULT
                    break
                await asyncio.sleep(0.1)
        await client.warm()
        assert client.is_warm
    await client.close()


async def test_nobody_there_is_said_soon() -> None:
    client = RemoteEngine("grpc://127.0.0.1:1")
    async with asyncio.timeout(5):
        with pytest.raises(RetrievalUnavailable):
            await client.search(ASKED)
        with pytest.raises(RetrievalUnavailable):
            _ = [event async for event in client.answer(ASKED)]
    await client.close()


def _certificate() -> tuple[str, str]:
    """Return the PEM of a certificate of localhost that signs itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), key_pem.decode()


async def test_over_tls_only_who_trusts_the_certificate_gets_through(engine: Scripted, settings: Any) -> None:
    settings.KAURI_GRPC_CERT, settings.KAURI_GRPC_KEY = _certificate()
    async with serving(engine) as server:
        settings.KAURI_RAG_CA = settings.KAURI_GRPC_CERT
        trusting = RemoteEngine(f"grpcs://localhost:{server.port}")
        assert await trusting.search(ASKED) == RESULT
        settings.KAURI_RAG_CA = ""
        for stranger in (f"grpcs://localhost:{server.port}", f"grpc://localhost:{server.port}"):
            client = RemoteEngine(stranger)
            with pytest.raises(RetrievalUnavailable):
                await client.search(ASKED)
            await client.close()
        await trusting.close()


async def test_another_secret_is_the_operators_matter_and_the_reader_is_told_to_try_again(
    engine: Scripted, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.KAURI_RAG_SECRET = "a secret of thirty-two characters"
    async with serving(engine) as server:
        client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
        call = asyncio.create_task(client.search(ASKED))
        await asyncio.sleep(0)  # signed by now, read a moment later
        settings.KAURI_RAG_SECRET = "another secret of thirty-two characters"
        with pytest.raises(RetrievalUnavailable):
            await call
        await client.close()
    assert "KAURI_RAG_SECRET must be the same" in caplog.text


def test_one_client_serves_several_loops(engine: Scripted) -> None:
    async def once(client: RemoteEngine) -> SearchResult:
        try:
            return await client.search(ASKED)
        finally:
            await client.close()

    async def main() -> None:
        async with serving(engine) as server:
            client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
            results = [await asyncio.to_thread(asyncio.run, once(client)) for _ in range(2)]
            assert results == [RESULT, RESULT]
            assert await once(client) == RESULT

    asyncio.run(main())
