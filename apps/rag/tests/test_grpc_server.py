"""The engine's gRPC service as any client meets it: credentials, limits, deadlines, health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from apps.rag.grants import Grant, grant_sign
from apps.rag.grpc import options, rag_pb2, rag_pb2_grpc
from apps.rag.grpc.server import SERVICE, CannotListen, RagServer
from apps.rag.tests.entries import scope
from apps.rag.tests.scripted import ASKED, RESULT, Scripted, idle
from apps.rag.tests.served import serving
from apps.rag.types import (
    Overrides,
    Question,
    SearchResult,
)
from kauri.lib import clock

FIRM, OTHER = UUID(int=1), UUID(int=2)
GRANT = Grant(("references", "syscohada_revise"), (FIRM,))


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
    await idle(engine)


async def test_a_caller_that_leaves_ends_the_work(stub: Any, engine: Scripted) -> None:
    engine.pause_s = 30
    request = rag_pb2.GenerateRequest(question=rag_pb2.Question(text="Qui ?"))
    calls = [stub.Generate(request, metadata=signed()) for _ in range(10)]
    for call in calls:
        await call.read()
    assert engine.n_working == 10
    for call in calls:
        call.cancel()
    await idle(engine)


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
