"""/v1/rag as other services meet it, on a process of role rag: who may search what, shapes, streams, documents."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import psutil
import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from apps.accounts.models import Membership
from apps.chat.tests.live import LiveDatabase, Person, WebProcess, events_of, free_port
from apps.rag.grants import Grant, grant_sign
from apps.rag.grpc import rag_pb2, rag_pb2_grpc
from apps.rag.indexer import entries_stage, version_publish
from apps.rag.tests.entries import entry
from apps.rag.tests.providers import ProviderServer

SECRET = "a secret for the tests of the engine's api"
QUESTION = "Quel est le capital minimum d’une SARL ?"
CALLS: dict[str, dict[str, Any]] = {
    "search": {"question": QUESTION},
    "generate": {"question": QUESTION},
    "embed": {"texts": ["compte 401"]},
}
Cast = Callable[[str], Person]


@pytest.fixture(scope="module")
def grpc_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def rag(
    live_database: LiveDatabase,
    provider_server: ProviderServer,
    grpc_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[WebProcess]:
    process = WebProcess(
        live_database,
        KAURI_ROLE="rag",
        EMBEDDER="builtin",
        KAURI_RAG_SECRET=SECRET,
        KAURI_GRPC_PORT=str(grpc_port),
        KAURI_DRAIN_S="1",
        KAURI_VAR_DIR=str(tmp_path_factory.mktemp("var")),
        DEEPSEEK_API_KEY="a key that only the loopback sees",
        DEEPSEEK_BASE_URL=provider_server.url,
        LLM_FIRST_TOKEN_TIMEOUT_S="30",
    )
    process.start()
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.KAURI_RAG_SECRET = SECRET


@pytest.fixture
def firm(owner: Person, live_database: LiveDatabase, django_db_blocker: DjangoDbBlocker) -> UUID:
    with django_db_blocker.unblock(), live_database.orm():
        firm: UUID = Membership.objects.get(user_id=owner.user_id).organisation_id
    return firm


def bearer(*namespaces: str, organisations: tuple[UUID, ...] = (), ttl_s: float = 60) -> dict[str, str]:
    grant = Grant(namespaces or ("references",), organisations, "a test")
    return {"Authorization": f"Bearer {grant_sign(grant, ttl_s=ttl_s)}"}


def problem_of(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("name", CALLS)
def test_nobody_is_sent_away(rag: WebProcess, name: str) -> None:
    with rag.client() as client:
        response = client.post(f"/v1/rag/{name}", json=CALLS[name])
        assert problem_of(response) == (401, "not_authenticated")
        assert response.headers["www-authenticate"] == "Bearer, Session"
        for wrong in ("Bearer no.token.ofours", bearer(ttl_s=-1)["Authorization"]):
            response = client.post(f"/v1/rag/{name}", json=CALLS[name], headers={"Authorization": wrong})
            assert problem_of(response) == (401, "token_refused")


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("role", ["owner", "colleague", "curator", "stranger"])
def test_whoever_is_signed_in_may_ask(rag: WebProcess, cast: Cast, owner: Person, name: str, role: str) -> None:
    with rag.client(owner if role == "owner" else cast(role)) as client:
        assert client.post(f"/v1/rag/{name}", json=CALLS[name]).status_code == 200


@pytest.mark.parametrize("name", CALLS)
def test_a_session_needs_the_token_of_our_pages_and_a_bearer_does_not(
    rag: WebProcess, owner: Person, name: str
) -> None:
    with rag.client(owner) as client:
        client.headers.pop("X-CSRFToken")
        assert problem_of(client.post(f"/v1/rag/{name}", json=CALLS[name])) == (403, "not_allowed")
    with httpx.Client(base_url=rag.url, headers=bearer()) as client:
        assert client.post(f"/v1/rag/{name}", json=CALLS[name]).status_code == 200


def test_texts_become_unit_vectors(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url, headers=bearer()) as client:
        given = client.post("/v1/rag/embed", json={"texts": ["compte 401", "FOURNISSEURS"]}).json()
    assert (given["model"], given["revision"], given["dimension"]) == ("use-multilingual-3", "1", 512)
    assert [sum(number**2 for number in vector) for vector in given["vectors"]] == [pytest.approx(1, abs=0.01)] * 2


@pytest.fixture
def private_text(firm: UUID, live_database: LiveDatabase, django_db_blocker: DjangoDbBlocker) -> str:
    """Publish a text of the owner's organisation and return its locator."""
    name = f"note {uuid4()}"
    secret = entry(name, "La prime de panier des zèbres est de 17 francs.", organisation_id=firm, version=name)
    with django_db_blocker.unblock(), live_database.orm():
        entries_stage((secret,))
        version_publish(secret.version_id)
    return name


def test_a_private_text_is_found_by_its_organisation_alone(
    rag: WebProcess, owner: Person, cast: Cast, firm: UUID, private_text: str
) -> None:
    asked = {"question": "prime de panier des zèbres"}

    def finds(person: Person, **more: Any) -> bool:
        with rag.client(person) as client:
            response = client.post("/v1/rag/search", json={**asked, **more})
            assert response.status_code == 200, response.text
            return private_text in [each["passage"]["locator"] for each in response.json()["passages"]]

    deadline = time.monotonic() + 10
    while not finds(owner) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert finds(owner)
    assert finds(cast("colleague"))
    assert finds(owner, organisations=[str(firm)])
    assert not finds(owner, organisations=[])
    assert not finds(cast("curator"))
    assert not finds(cast("stranger"))
    with rag.client(cast("stranger")) as client:
        for name in ("search", "generate"):
            response = client.post(f"/v1/rag/{name}", json={**asked, "organisations": [str(firm)]})
            assert problem_of(response) == (403, "scope_refused")
            assert "zèbre" not in response.text


def test_a_token_may_be_narrowed_and_not_widened(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url, headers=bearer("references", "syscoa")) as client:
        assert client.post("/v1/rag/search", json={**CALLS["search"], "namespaces": ["references"]}).json()["passages"]
        assert not client.post("/v1/rag/search", json={**CALLS["search"], "namespaces": ["syscoa"]}).json()["passages"]
        more = {**CALLS["search"], "namespaces": ["references", "doctrine"]}
        assert problem_of(client.post("/v1/rag/search", json=more)) == (403, "scope_refused")
        more = {**CALLS["search"], "organisations": [str(uuid4())]}
        assert problem_of(client.post("/v1/rag/search", json=more)) == (403, "scope_refused")


def test_explain_shows_every_leg_and_overrides_choose_them(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url, headers=bearer()) as client:
        plain = client.post("/v1/rag/search", json=CALLS["search"]).json()
        assert (plain["rankings"], plain["timings_ms"], plain["is_answerable"]) == ([], [], True)
        explained = client.post("/v1/rag/search", json={**CALLS["search"], "explain": True}).json()
        assert {"bm25", "gram", "fused"} <= {ranking["leg"] for ranking in explained["rankings"]}
        assert "total" in dict(explained["timings_ms"])
        assert explained["passages"][0]["leg_scores"]
        overrides = {"legs": ["bm25"], "n_passages": 1}
        chosen = client.post("/v1/rag/search", json={**CALLS["search"], "explain": True, "overrides": overrides}).json()
        assert {ranking["leg"] for ranking in chosen["rankings"]} == {"bm25", "fused"}
        assert len(chosen["passages"]) == 1


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("search", {"question": ""}),
        ("search", {"question": "   "}),
        ("search", {"question": "secretword " * 400}),
        ("search", {"question": "Qui ?", "as_of": "hier"}),
        ("search", {"question": "Qui ?", "language": "de"}),
        ("search", {"question": "Qui ?", "organisations": ["mine"]}),
        ("search", {"question": "Qui ?", "overrides": {"legs": ["bm26"]}}),
        ("search", {"question": "Qui ?", "overrides": {"weights": {"bm25": -1}}}),
        ("search", {"question": "secretword\ud800"}),
        ("generate", {"question": "a\0secretword"}),
        ("generate", {"question": "Qui ?", "history": ["secretword"] * 21}),
        ("embed", {"texts": []}),
        ("embed", {"texts": [""]}),
        ("embed", {"texts": ["secretword" * 1000]}),
        ("embed", {}),
        ("embed", {"texts": ["secretword"], "model": "secretword"}),
    ],
)
def test_what_cannot_be_used_is_said_and_not_repeated(rag: WebProcess, name: str, body: Any) -> None:
    with httpx.Client(base_url=rag.url, headers={**bearer(), "Content-Type": "application/json"}) as client:
        response = client.post(f"/v1/rag/{name}", content=json.dumps(body).encode())
    status, code = problem_of(response)
    assert (status, code) == (422, "invalid_input")
    assert "secretword" not in response.text


def test_what_is_no_json_is_said(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url, headers={**bearer(), "Content-Type": "application/json"}) as client:
        assert problem_of(client.post("/v1/rag/search", content=b"{")) == (422, "invalid_input")
        assert problem_of(client.get("/v1/rag/search")) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "question", "This field is required."),
        ({"question": ""}, "question", "Too short"),
        ({"question": "Qui ?", "as_of": "hier"}, "as_of", "2026-01-31"),
        ({"question": "Qui ?", "overrides": {"n_passages": 0}}, "n_passages", "minimum"),
        ({"question": "Qui ?", "organisations": ["x"]}, "organisations", "UUID"),
        ({"question": "Qui ?", "country": "Congo"}, "country", "CG"),
        ({"question": "Qui ?", "namespace": "nope"}, "namespace", "no such field"),
        ({"question": "Qui ?", "overrides": {"n_passage": 1}}, "n_passage", "no such field"),
    ],
)
def test_what_is_wrong_with_a_field_is_said(rag: WebProcess, body: Any, field: str, words: str) -> None:
    with httpx.Client(base_url=rag.url, headers={**bearer(), "Accept-Language": "en"}) as client:
        [fault] = client.post("/v1/rag/search", json=body).json()["errors"]
    assert field in fault["field"]
    assert words in fault["message"]


def test_what_is_wrong_with_a_field_is_said_in_french_too(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url, headers={**bearer(), "Accept-Language": "fr"}) as client:
        [fault] = client.post("/v1/rag/search", json={}).json()["errors"]
    assert fault["message"] == "Ce champ est obligatoire."


def test_a_program_without_token_is_told_how_to_get_one(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url) as client:
        detail = client.post("/v1/rag/search", json=CALLS["search"]).json()["detail"]
    assert "Authorization: Bearer" in detail
    assert "rag_token" in detail


def test_an_answer_comes_whole_as_json(rag: WebProcess, provider: ProviderServer) -> None:
    with httpx.Client(base_url=rag.url, headers=bearer()) as client:
        answer = client.post("/v1/rag/generate", json=CALLS["generate"]).json()
        assert "un million de francs CFA" in answer["text"]
        assert (answer["mode"], answer["provider"]) == ("model", "deepseek")
        citation = answer["citations"][0]
        assert answer["text"][citation["start_index"] : citation["end_index"]] == f"[{citation['marker']}]"
        assert citation["quote"] in citation["passage"]["text"]
        refusal = client.post("/v1/rag/generate", json={"question": "What does article 9999 of the AUSCGIE say?"})
        assert refusal.json()["refusal_reason"] == "reference_not_found"
        assert "I have no text" in refusal.json()["refusal"]


def test_an_answer_comes_event_by_event_when_asked_so(rag: WebProcess, provider: ProviderServer) -> None:
    headers = {**bearer(), "Accept": "text/event-stream"}
    asked = {"question": "Qui est responsable des dettes d’une société anonyme ?"}
    with httpx.Client(base_url=rag.url, headers=headers) as client:
        response = client.post("/v1/rag/generate", json=asked)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    events = events_of(response.content)
    names = [event.name for event in events]
    assert names[:2] == ["searching", "retrieved"]
    assert names[-2:] == ["grounded", "finished"]
    assert "citation_added" in names
    text = "".join(json.loads(event.data)["text"] for event in events if event.name == "text_delta")
    assert text.startswith("Le texte dispose")
    assert json.loads(events[-1].data)["mode"] == "model"


def test_a_refused_stream_is_a_problem_and_no_stream(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url, headers={"Accept": "text/event-stream"}) as client:
        assert problem_of(client.post("/v1/rag/generate", json=CALLS["generate"])) == (401, "not_authenticated")
        client.headers.update(bearer())
        more = {**CALLS["generate"], "namespaces": ["doctrine"]}
        assert problem_of(client.post("/v1/rag/generate", json=more)) == (403, "scope_refused")


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
def test_a_client_that_leaves_stops_the_model(rag: WebProcess, provider: ProviderServer, accept: str) -> None:
    provider.mode = "silent"
    asked = {"question": f"À combien l’article 311 fixe-t-il le capital, demande {uuid4()} ?"}
    with httpx.Client(base_url=rag.url, headers={**bearer(), "Accept": accept}, timeout=3) as client:
        if accept == "application/json":
            with pytest.raises(httpx.ReadTimeout):
                client.post("/v1/rag/generate", json=asked)
        else:
            with client.stream("POST", "/v1/rag/generate", json=asked) as response:
                chunks = response.iter_raw()
                while b"retrieved" not in next(chunks):
                    pass
                until(lambda: provider.n_open == 1)
    until(lambda: provider.n_open == 0)


def until(fact: Callable[[], bool], timeout_s: float = 5) -> None:
    deadline = time.monotonic() + timeout_s
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_open_streams_hold_no_threads(rag: WebProcess, provider: ProviderServer) -> None:
    provider.mode = "silent"
    n_streams = 30
    before = psutil.Process(rag.pid).num_threads()
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(
        base_url=rag.url, headers={**bearer(), "Accept": "text/event-stream"}, limits=limits, timeout=30
    ) as client:
        opened = []
        for n in range(n_streams):
            question = f"À combien l’article 311 fixe-t-il le capital, demande {n} {uuid4()} ?"
            request = client.build_request("POST", "/v1/rag/generate", json={"question": question})
            response = client.send(request, stream=True)
            opened.append(response)
        until(lambda: provider.n_open == n_streams, 20)
        assert psutil.Process(rag.pid).num_threads() - before < n_streams / 2
        for response in opened:
            with closing(response):
                pass
    until(lambda: provider.n_open == 0)


def test_the_description_is_whole_and_its_page_obeys_the_policy(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url) as client:
        schema = client.get("/v1/rag/openapi.json").json()
        assert set(schema["paths"]) == {f"/v1/rag/{name}" for name in CALLS}
        for path in schema["paths"].values():
            answers = path["post"]["responses"]
            assert set(answers) == {"200", "401", "403", "422", "503"}
            assert list(answers["401"]["content"]) == ["application/problem+json"]
            assert path["post"]["security"] == [{"BearerGrant": []}, {"SessionGrant": []}]
        page = client.get("/v1/rag/docs")
        assert page.status_code == 200
        assert "unsafe" not in page.headers["content-security-policy"]
        assert "//" not in page.text.replace("<!--", "").split("<script")[1].split(">")[0]
        assert "/v1/rag/openapi.json" in client.get("/v1/rag/docs?script=").text
        assert "/v1/rag/docs" in client.get("/v1/schema?format=json").json()["info"]["description"]
        assert client.get("/").status_code == 404


def test_the_same_process_answers_over_grpc(
    rag: WebProcess, grpc_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("rag_token", "--namespace", "references", "--hours", "0.1")
    token = capsys.readouterr().out.strip()
    with grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
        stub: Any = rag_pb2_grpc.RagEngineStub(channel)  # type: ignore[no-untyped-call] # generated
        asked = rag_pb2.SearchRequest(question=rag_pb2.Question(text=QUESTION))
        response = stub.Search(asked, metadata=(("authorization", f"Bearer {token}"),), timeout=10)
    assert response.result.passages[0].passage.locator == "AUSCGIE art. 311"


def test_figures_of_every_stage_are_exported(rag: WebProcess) -> None:
    with httpx.Client(base_url=rag.url, headers=bearer()) as client:
        client.post("/v1/rag/search", json={"question": "Que dit l’article 385 de l’AUSCGIE ?"})
        figures = client.get("/v1/metrics").text
    stages = ("intent_classification", "query_reformulation", "embedding", "bm25_search", "vector_search", "reranking")
    for stage in (*stages, "llm_generation"):
        assert f'kauri_rag_stage_seconds_count{{stage="{stage}"}}' in figures
    assert 'kauri_rag_stage_seconds_count{stage="bm25_search"} 0.0' not in figures


def test_a_taken_port_is_one_sentence(rag: WebProcess, grpc_port: int, live_database: LiveDatabase) -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "rag_serve", "--port", str(grpc_port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 1
    assert f"gRPC cannot listen on 127.0.0.1:{grpc_port}" in run.stderr
    assert "Traceback" not in run.stderr
