"""A question that is asked while texts are being imported: its answer says so, in every shape."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import File
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from apps.accounts.types import Principal
from apps.chat.tests.live import QUESTION as ANSWERED
from apps.chat.tests.live import LiveDatabase, Person, WebProcess, ask, read_stream, saved, text_of
from apps.knowledge.models import Document
from apps.knowledge.services import document_add

QUESTION = "Comment comptabiliser les stocks de matières premières ?"
PLACE = {"namespaces": ["doctrine"]}
OPERATOR = Principal(is_curator=True, is_superuser=True)


LiveImport = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def live_import(
    live_database: LiveDatabase, django_db_blocker: DjangoDbBlocker, settings: Settings, tmp_path: Path
) -> LiveImport:
    """Return what opens an import that no worker takes up, and calls it off."""
    settings.MEDIA_ROOT = tmp_path

    @contextmanager
    def opened() -> Iterator[None]:
        file = File(BytesIO("Article 1\nLes stocks sont inventoriés.".encode()), name="texte.md")
        with django_db_blocker.unblock(), live_database.orm():
            added = document_add(
                principal=OPERATOR, file=file, filename="texte.md", namespace="doctrine", kind="doctrine", hint=False
            )
        yield
        with django_db_blocker.unblock(), live_database.orm():
            Document.objects.filter(pk=added.document_id).delete()

    return opened


@pytest.fixture
def import_under_way(live_import: LiveImport) -> Iterator[None]:
    with live_import():
        yield


@pytest.mark.usefixtures("import_under_way")
@pytest.mark.parametrize(
    ("question", "says"),
    [
        (QUESTION, "n’est pas terminé\u00a0: il en reste 1 sur 1. Reposez votre question"),
        ("How are stocks of raw materials recorded?", "is not finished: 1 of 1 to go. Ask your question again"),
    ],
)
def test_the_stream_the_answer_and_the_page_say_that_texts_are_being_imported(
    web: WebProcess, owner: Person, question: str, says: str
) -> None:
    with web.client(owner) as client:
        asked = ask(client, question, **PLACE).json()
        told = text_of(read_stream(client, asked["stream_url"]))
        assert says in told
        answer = saved(client, asked["response_id"])
        assert (answer["mode"], answer["text"]) == ("refusal", told)
        assert "texts_arriving" in answer["degraded"]
        assert says in unescape(client.get(f"/c/{asked['conversation_id']}/").text)


@pytest.mark.usefixtures("import_under_way")
def test_an_answer_says_that_more_texts_are_still_to_come(web: WebProcess, owner: Person) -> None:
    says = "n’est pas terminé\u00a0: il en reste 1 sur 1. D’autres textes pourront compléter cette réponse."
    with web.client(owner) as client:
        asked = ask(client, f"{ANSWERED} Et aujourd’hui ?").json()
        told = text_of(read_stream(client, asked["stream_url"]))
        assert "un million de francs CFA" in told
        assert told.endswith(says)
        answer = saved(client, asked["response_id"])
        assert (answer["mode"], answer["text"]) == ("model", told)
        assert "texts_arriving" in answer["degraded"]
        assert says in unescape(client.get(f"/c/{asked['conversation_id']}/").text)


def test_an_answer_of_before_is_given_anew_without_what_was_to_come(
    web: WebProcess, owner: Person, live_import: LiveImport
) -> None:
    body = {"question": f"{ANSWERED} Et lequel pour une SA ?"}
    with web.client(owner) as client:
        with live_import():
            assert "pas terminé" in client.post("/v1/chat/query", json=body).json()["text"]
        answer = client.post("/v1/chat/query", json=body).json()
        assert answer["mode"] == "model"
        assert "pas terminé" not in answer["text"]


def test_a_refusal_of_before_is_not_given_again(web: WebProcess, owner: Person, live_import: LiveImport) -> None:
    body = {"question": f"{QUESTION} Et lesquels sont évalués ?", **PLACE}
    with web.client(owner) as client:
        with live_import():
            assert "pas terminé" in client.post("/v1/chat/query", json=body).json()["text"]
        # it was called off: nothing that was published tells the cache
        answer = client.post("/v1/chat/query", json=body).json()
        assert answer["text"].startswith("Je n’ai pas de texte")
        assert "pas terminé" not in answer["text"]
