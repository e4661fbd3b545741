"""The engine's gRPC service as any client meets it: credentials, limits, deadlines, health, and a quiet end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

import grpc
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from apps.rag.errors import RetrievalUnavailable
from apps.rag.grants import Grant, grant_sign
from apps.rag.grpc import options, rag_pb2, rag_pb2_grpc
from apps.rag.grpc.client import RemoteEngine
from apps.rag.grpc.server import SERVICE, CannotListen, RagServer
from apps.rag.ports import Vectors
from apps.rag.tests.entries import scope
from apps.rag.tests.served import filled, serving
from apps.rag.types import (
    AnswerEvent,
    Finished,
    Overrides,
    Question,
    Searching,
    SearchResult,
    TextDelta,
    Understanding,
    Usage,
)
from kauri.lib import clock
from kauri.lib.errors import InvalidInput

FIRM, OTHER = UUID(int=1), UUID(int=2)
GRANT = Grant(("references", "syscohada_revise"), (FIRM,))
ASKED = Question("Que dit l'article 311 ?", scope())
UNDERSTOOD = Understanding("rag_query", (), "Que dit l'article 311 ?", ())
RESULT = filled(SearchResult)


class Scripted:
    """An engine that remembers what it was asked and answers at the pace that a test sets."""

    is_warm = True
    revision = 7

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.n_working = 0
        self.pause_s = 0.0
        self.n_deltas = 3
        self.ending: BaseException | None = None
        self.has_end = True

    async def warm(self) -> None: ...

    def start(self) -> None: ...

    async def close(self) -> None: ...

    async def search(self, question: Question) -> SearchResult:
        self.asked.append(question)
        self.n_working += 1
        try:
            await asyncio.sleep(self.pause_s)
        finally:
            self.n_working -= 1
        return cast("SearchResult", RESULT)

    async def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        self.asked.append(question)
        self.n_working += 1
        try:
            yield Searching(UNDERSTOOD)
            for n in range(self.n_deltas):
                await asyncio.sleep(self.pause_s)
                yield TextDelta(f"mot {n} ")
            if self.ending is not None:
                raise self.ending
            if self.has_end:
                yield Finished("extractive", "", "", Usage(), ())
        finally:
            self.n_working -= 1

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.full((len(texts), 512), 0.5, dtype=np.float32)


@pytest.fixture
def engine() -> Scripted:
    return Scripted()


@pytest.fixture
async def server(engine: Scripted) -> AsyncIterator[RagServer]:
    async with serving(engine) as running:
        yield running


@pytest.fixture
async def channel(server: RagServer) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as opened:
        yield opened


@pytest.fixture
async def stub(channel: grpc.aio.Channel) -> Any:
    return rag_pb2_grpc.RagEngineStub(channel)  # type: ignore[no-untyped-call] # generated


def signed(grant: Grant = GRANT, *, ttl_s: float = 60, language: str = "en") -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {grant_sign(grant, ttl_s=ttl_s)}"), ("accept-language", language))


def request_for(text: str = ASKED.text, **scoped: Any) -> rag_pb2.SearchRequest:
    request = rag_pb2.SearchRequest(question=rag_pb2.Question(text=text))
    if scoped:
        request.question.scope.CopyFrom(rag_pb2.Scope(**scoped))
    return request


async def refused(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


CALLS = {
    "Search": rag_pb2.SearchRequest(question=rag_pb2.Question(text="Qui ?")),
    "Embed": rag_pb2.EmbedRequest(texts=["Qui ?"]),
    "Status": rag_pb2.StatusRequest(),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (("authorization", "Bearer "),),
        (("authorization", "Bearer v1.e30.AAAA"),),
        signed(ttl_s=-1),
        (("authorization", signed()[0][1][:-2]),),
    ],
    ids=["missing", "empty", "forged", "expired", "cut"],
)
async def test_without_a_token_of_ours_nothing_is_answered(name: str, metadata: Any, stub: Any) -> None:
    failure = await refused(getattr(stub, name)(CALLS[name], metadata=metadata))
    assert failure.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_without_a_token_no_stream_begins(stub: Any, engine: Scripted) -> None:
    call = stub.Generate(rag_pb2.GenerateRequest(question=rag_pb2.Question(text="Qui ?")))
    assert (await refused(call.read())).code() is grpc.StatusCode.UNAUTHENTICATED
    assert engine.asked == []


@pytest.mark.parametrize(
    "more",
    [
        {"namespaces": ["references", "doctrine"], "organisation_ids": [str(FIRM)]},
        {"namespaces": ["references"], "organisation_ids": [str(FIRM), str(OTHER)]},
    ],
    ids=["namespace", "organisation"],
)
async def test_a_request_for_more_than_was_signed_is_refused(more: Any, stub: Any, engine: Scripted) -> None:
    failure = await refused(stub.Search(request_for(**more), metadata=signed()))
    assert failure.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "not among those that you may search" in (failure.details() or "")
    assert engine.asked == []


async def test_a_request_may_ask_for_less(stub: Any, engine: Scripted) -> None:
    narrowed = request_for(namespaces=["references"], as_of="2020-01-01", country="SN")
    await stub.Search(narrowed, metadata=signed())
    await stub.Search(request_for(), metadata=signed())
    assert engine.asked[0].scope == scope(namespaces=("references",), as_of=date(2020, 1, 1), country="SN")
    assert engine.asked[1].scope == GRANT.narrowed()
    assert engine.asked[1].scope.as_of == clock.today()


@pytest.mark.parametrize(
    "request_", [
        request_for(""),
        request_for("   "),
        request_for("é" * 4001),
        request_for("a\0b"),
        request_for(namespaces=["references"], as_of="hier"),
        request_for(namespaces=["references"], organisation_ids=["mine"]),
        rag_pb2.SearchRequest(question=rag_pb2.Question(text="Qui ?", language="de")),
        rag_pb2.SearchRequest(question=rag_pb2.Question(text="Qui ?", history=["x"] * 21)),
        rag_pb2.SearchRequest(question=rag_pb2.Question(text="Qui ?", history=["x" * 4001])),
        rag_pb2.SearchRequest(question=rag_pb2.Question(text="Qui ?", overrides=rag_pb2.Overrides(n_passages=101))),
        rag_pb2.SearchRequest(question=rag_pb2.Question(text="Qui ?", overrides=rag_pb2.Overrides(legs=["bm26"]))),
        rag_pb2.SearchRequest(
            question=rag_pb2.Question(
                text="Qui ?",
                overrides=rag_pb2.Overrides(weights=[rag_pb2.NamedNumber(name="bm25", value=float("nan"))]),
            )
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_an_invalid_argument(request_: Any, stub: Any, engine: Scripted) -> None:
    failure = await refused(stub.Search(request_, metadata=signed()))
    assert failure.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert engine.asked == []


async def test_the_longest_question_is_taken(stub: Any, engine: Scripted) -> None:
    await stub.Search(request_for("é" * 4000), metadata=signed())
    assert len(engine.asked[0].text) == 4000


@pytest.mark.parametrize("texts", [[], [""], ["x" * 8001], ["x"] * 129])
async def test_texts_to_embed_are_counted_and_measured(texts: list[str], stub: Any) -> None:
    failure = await refused(stub.Embed(rag_pb2.EmbedRequest(texts=texts), metadata=signed()))
    assert failure.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_message_beyond_all_bounds_is_refused_unread(stub: Any, engine: Scripted) -> None:
    failure = await refused(stub.Search(request_for("x" * options.MAX_REQUEST_BYTES), metadata=signed()))
    assert failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert engine.asked == []


async def test_our_own_client_names_a_message_that_is_too_large(server: RagServer) -> None:
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    with pytest.raises(InvalidInput):
        await client.embed(["x" * options.MAX_REQUEST_BYTES])
    await client.close()


async def test_more_texts_than_one_message_holds_go_in_several(server: RagServer) -> None:
    client = RemoteEngine(f"grpc://127.0.0.1:{server.port}")
    assert (await client.embed([f"texte {n}" for n in range(300)])).shape == (300, 512)
    await client.close()


async def test_errors_speak_the_callers_language(stub: Any) -> None:
    english = await refused(stub.Search(request_for(""), metadata=signed(language="en")))
    assert english.details() == "A question has 1 to 4000 characters."


async def test_explain_shows_the_legs_and_without_it_none(stub: Any) -> None:
    plain = await stub.Search(request_for(), metadata=signed())
    assert not plain.result.rankings
    assert not plain.result.timings_ms
    assert not plain.result.passages[0].leg_scores
    assert plain.result.passages[0].passage.text
    explained = request_for()
    explained.explain = True
    result = (await stub.Search(explained, metadata=signed())).result
    assert [ranking.leg for ranking in result.rankings] == [ranking.leg for ranking in RESULT.rankings]
    assert result.timings_ms
    assert result.passages[0].leg_scores
    assert result.evidence == RESULT.evidence


async def test_overrides_reach_the_engine(stub: Any, engine: Scripted) -> None:
    request = request_for()
    request.question.overrides.CopyFrom(
        rag_pb2.Overrides(
            legs=["bm25"],
            n_passages=3,
            weights=[rag_pb2.NamedNumber(name="bm25", value=0.5)],
            is_reranked=False,
        )
    )
    await stub.Search(request, metadata=signed())
    meant = Overrides(legs=("bm25",), n_passages=3, weights=(("bm25", 0.5),), is_reranked=False)
    assert engine.asked[0].overrides == meant


async def _idle(engine: Scripted) -> None:
    async with asyncio.timeout(5):
        while engine.n_working:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", ["Search", "Generate"])
async def test_a_deadline_ends_the_work_on_the_server(name: str, stub: Any, engine: Scripted) -> None:
    engine.pause_s = 30
    asked = rag_pb2.Question(text="Qui ?")
    if name == "Search":
        call = stub.Search(rag_pb2.SearchRequest(question=asked), metadata=signed(), timeout=0.3)
        failure = await refused(call)
    else:
        call = stub.Generate(rag_pb2.GenerateRequest(question=asked), metadata=signed(), timeout=0.3)
        assert (await call.read()).HasField("searching")
        assert engine.n_working == 1
        failure = await refused(call.read())
    assert failure.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await _idle(engine)


async def test_a_caller_that_leaves_ends_the_work(stub: Any, engine: Scripted) -> None:
    engine.pause_s = 30
    request = rag_pb2.GenerateRequest(question=rag_pb2.Question(text="Qui ?"))
    calls = [stub.Generate(request, metadata=signed()) for _ in range(10)]
    for call in calls:
        await call.read()
    assert engine.n_working == 10
    for call in calls:
        call.cancel()
    await _idle(engine)


async def test_a_broken_engine_tells_nothing_of_itself(
    stub: Any, engine: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(question: Question) -> SearchResult:
        raise KeyError("a secret")

    engine.search = broken  # type: ignore[method-assign] # the engine is the test's own
    failure = await refused(stub.Search(request_for(), metadata=signed()))
    assert failure.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in (failure.details() or "")
    assert "a call of the engine broke" in caplog.text


async def test_health_says_serving_once_the_engine_is_warm(channel: grpc.aio.Channel, engine: Scripted) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    states = health_pb2.HealthCheckResponse

    async def says(wanted: int) -> None:
        async with asyncio.timeout(5):
            while (await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE))).status != wanted:
                await asyncio.sleep(0.05)

    await says(states.SERVING)
    engine.is_warm = False
    await says(states.NOT_SERVING)
    engine.is_warm = True
    await says(states.SERVING)
    assert (await stub.Check(health_pb2.HealthCheckRequest())).status == states.SERVING


async def test_a_cold_engine_is_not_serving_at_first(engine: Scripted) -> None:
    engine.is_warm = False
    async with serving(engine) as server, grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as opened:
        response = await health_pb2_grpc.HealthStub(opened).Check(health_pb2.HealthCheckRequest(service=SERVICE))
        assert response.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_reflection_lists_the_service(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    async for response in call:
        names = {service.name for service in response.list_services_response.service}
        assert {SERVICE, "grpc.health.v1.Health"} <= names
        return
    raise AssertionError("no answer")


async def test_a_taken_address_is_one_sentence(server: RagServer, engine: Scripted) -> None:
    second = RagServer(engine, host="127.0.0.1", port=server.port)
    with pytest.raises(CannotListen, match=f"gRPC cannot listen on 127.0.0.1:{server.port}"):
        await second.start()


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
    await _idle(engine)
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
