"""The pages, through Django's own client: who sees what, and that plain forms do all that script does."""

import re
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.auth import principal_for_user
from apps.accounts.models import User
from apps.accounts.services import user_create
from apps.chat import services
from apps.chat.models import Citation, Conversation, Message, Turn
from apps.knowledge.models import Namespace
from apps.knowledge.seeds import NAMESPACES
from apps.rag.types import display_locator
from kauri.lib.clock import today

pytestmark = pytest.mark.django_db

QUESTION = "Quel est le capital minimum d’une SARL ?"


@pytest.fixture(autouse=True)
def _collections(db: object) -> None:
    for seed in NAMESPACES:
        Namespace.objects.create(slug=seed.slug, title=seed.title)


def person(name: str) -> User:
    return user_create(email=f"{name}@example.com", password="un mot de passe assez long", name=name.title())


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "fr"})
    client.force_login(user)
    return client


def asked_by(user: User, text: str = QUESTION) -> UUID:
    return services.question_ask(principal=principal_for_user(user), text=text).conversation_id


def answered(user: User, text: str = "Un million de francs\u00a0[1].", *, mode: str = "extractive") -> Message:
    """Save a finished answer with one citation, as a turn does."""
    conversation_id = asked_by(user)
    answer = Message.objects.get(conversation_id=conversation_id, role=Message.Role.ASSISTANT)
    Turn.objects.filter(message=answer).update(state=Turn.State.COMPLETED)
    answer.status, answer.text, answer.mode = Message.Status.COMPLETED, text, mode
    answer.save()
    Citation.objects.create(
        message=answer, index=1, start_index=21, end_index=24, document_id=uuid4(), version_id=uuid4(),
        document_title="Acte uniforme", kind="law", locator=display_locator("AUSCGIE art. 311"),
        in_force_from=date(2014, 5, 5), quote="d’un million", quote_sha256="0" * 64, quote_start=5, quote_end=17,
    )  # fmt: skip
    return answer


def addresses_of(answer: Message) -> list[tuple[str, str]]:
    place = {"conversation_id": answer.conversation_id, "message_id": answer.pk}
    conversation = reverse("chat:conversation", kwargs={"conversation_id": answer.conversation_id})
    return [
        ("get", conversation),
        ("post", conversation),
        ("get", reverse("chat:message", kwargs=place)),
        ("post", reverse("chat:stop", kwargs=place)),
        ("post", reverse("chat:again", kwargs=place)),
    ]


def test_anybody_may_read_the_start_page() -> None:
    page = Client().get("/")
    assert page.status_code == 200
    assert 'id="q"' in page.content.decode()


def test_a_visitors_question_waits_behind_sign_up_and_is_asked_once() -> None:
    client = Client(headers={"accept-language": "fr"})
    kept = client.post("/", {"question": QUESTION, "country": "SN", "as_of": "date", "as_of_date": "2013-12-31"})
    assert kept.headers["Location"].startswith(reverse("account_signup"))
    assert QUESTION in client.get(kept.headers["Location"]).content.decode()
    client.force_login(person("awa"))

    first = client.get(reverse("chat:waiting"))
    question = Message.objects.get(role=Message.Role.USER)
    assert (question.text, question.as_of, question.scope["country"]) == (QUESTION, date(2013, 12, 31), "SN")
    assert first.headers["Location"] == f"/c/{question.conversation_id}/"
    assert client.get(reverse("chat:waiting")).headers["Location"] == "/"
    assert Conversation.objects.count() == 1


def test_a_form_sent_twice_asks_once() -> None:
    client = client_of(person("awa"))
    sent = {"question": QUESTION, "key": "the-key-of-the-page"}
    first, second = client.post("/", sent), client.post("/", sent)
    assert first.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_what_cannot_be_asked_is_said_and_kept(text: str) -> None:
    page = client_of(person("awa")).post("/", {"question": text})
    assert page.status_code == 422
    assert "notice-danger" in page.content.decode()
    assert text.strip() in page.content.decode()


def test_a_second_question_while_one_runs_is_refused_and_kept() -> None:
    awa = person("awa")
    address = reverse("chat:conversation", kwargs={"conversation_id": asked_by(awa)})
    page = client_of(awa).post(address, {"question": "Et pour une SA ?"})
    assert page.status_code == 409
    assert "Et pour une SA ?" in page.content.decode()
    assert "Une réponse est déjà en cours ici." in page.content.decode()


def test_chips_that_mean_everything_narrow_nothing() -> None:
    client = client_of(person("awa"))
    everything = [seed.slug for seed in NAMESPACES]
    client.post("/", {"question": QUESTION, "namespaces": everything, "as_of": "", "country": ""})
    client.post("/", {"question": "Autre question ?", "namespaces": ["doctrine", "no-such-collection"]})
    wide, narrow = Message.objects.filter(role=Message.Role.USER).order_by("created_at")
    assert (wide.scope["namespaces"], wide.as_of, wide.scope["country"]) == ([], today(), None)
    assert narrow.scope["namespaces"] == ["doctrine"]


def test_a_saved_answer_links_its_citations() -> None:
    awa = person("awa")
    answer = answered(awa)
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert f'href="#source-{answer.pk}-1" aria-label="Source 1\u00a0: AUSCGIE, art. 311"' in page
    assert f'id="source-{answer.pk}-1"' in page
    assert "En vigueur au" in page
    assert "data-stream" not in page


@pytest.mark.parametrize(
    ("kind", "words"), [("law", "Date d’entrée en vigueur non renseignée"), ("guide", "Document non daté")]
)
def test_what_is_cited_without_dates_is_not_said_to_be_in_force(kind: str, words: str) -> None:
    awa = person("awa")
    answer = answered(awa)
    answer.citations.update(in_force_from=None, kind=kind, country="BF")
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert "En vigueur au" not in page
    assert page.count(words) == 2, "above the answer and on the card"
    assert "Acte uniforme (Burkina Faso)" in page


def test_one_text_without_dates_among_others_takes_the_badge_away() -> None:
    awa = person("awa")
    answer = answered(awa)
    undated = answer.citations.get()
    undated.pk, undated.index, undated.start_index, undated.end_index = None, 2, 26, 29
    undated.version_id, undated.in_force_from = uuid4(), None
    undated.save()
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert "En vigueur au" not in page
    assert "Date d’entrée en vigueur non renseignée pour un texte cité" in page
    assert "Depuis le 5 mai 2014" in page


def test_an_answer_cannot_inject_markup() -> None:
    awa = person("awa")
    answer = answered(awa, "<script>alert(1)</script> [x](javascript:alert(1)) <b>gras</b>")
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert "<script>alert" not in page
    assert "<b>gras" not in page
    assert 'href="javascript' not in page


def test_a_refusal_shows_its_reason_once() -> None:
    awa = person("awa")
    title = "Je n’ai pas de texte pour répondre."
    answer = answered(awa, f"{title} Aucun texte fiscal.", mode="refusal")
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert page.count(title) == 1
    assert 'data-state="refused"' in page


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Message.Status.CANCELLED, "incomplet et n’a pas été contrôlé jusqu’au bout"),
        (Message.Status.INTERRUPTED, "Réponse interrompue de notre côté."),
        (Message.Status.FAILED, "La réponse n’a pas abouti."),
    ],
)
def test_an_answer_that_did_not_end_well_says_so_and_can_be_run_again(status: str, words: str) -> None:
    awa = person("awa")
    answer = answered(awa)
    Message.objects.filter(pk=answer.pk).update(status=status)
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert words in page
    assert reverse("chat:again", kwargs={"conversation_id": answer.conversation_id, "message_id": answer.pk}) in page


def test_an_answer_under_way_can_be_followed_stopped_and_read_without_script() -> None:
    awa = person("awa")
    conversation_id = asked_by(awa)
    turn = Turn.objects.get()
    client = client_of(awa)
    page = client.get(f"/c/{conversation_id}/").content.decode()
    assert f'data-stream="/v1/chat/stream?response_id={turn.pk}"' in page
    assert re.search(r'<noscript>\s*<meta http-equiv="refresh"', page)
    stopped = client.post(f"/c/{conversation_id}/messages/{turn.message_id}/stop/")
    assert stopped.status_code == 302
    turn.refresh_from_db()
    assert turn.stop_requested


def test_running_again_adds_an_answer_beside_the_first() -> None:
    awa = person("awa")
    answer = answered(awa)
    client_of(awa).post(f"/c/{answer.conversation_id}/messages/{answer.pk}/again/")
    assert Message.objects.filter(parent=answer.parent, role=Message.Role.ASSISTANT).count() == 2


def test_a_stranger_gets_what_nothing_gets() -> None:
    answer = answered(person("awa"))
    stranger = client_of(person("bob"))
    for method, address in addresses_of(answer):
        there = getattr(stranger, method)(address)
        nowhere = getattr(stranger, method)(address.replace(str(answer.conversation_id), str(uuid4())))
        assert there.status_code == nowhere.status_code == 404, address
        assert strip_nonces(there.content) == strip_nonces(nowhere.content)
    assert Message.objects.count() == 2


def test_a_visitor_is_asked_to_sign_in_and_learns_nothing() -> None:
    answer = answered(person("awa"))
    for method, address in addresses_of(answer):
        for each in (address, address.replace(str(answer.conversation_id), str(uuid4()))):
            response = getattr(Client(), method)(each)
            assert response.status_code == 302
            assert response.headers["Location"].startswith(reverse("account_login"))


def test_history_is_the_persons_own() -> None:
    awa, bob = person("awa"), person("bob")
    asked_by(awa, "Le secret d’Awa")
    assert "Le secret d’Awa" in client_of(awa).get("/").content.decode()
    assert "Le secret d’Awa" not in client_of(bob).get("/").content.decode()


def test_a_long_conversation_costs_no_more_queries_than_a_short_one() -> None:
    awa = person("awa")
    answer = answered(awa)
    client, address = client_of(awa), f"/c/{answer.conversation_id}/"
    client.get(address)
    with CaptureQueriesContext(connection) as short:
        client.get(address)
    for _number in range(6):
        asked = services.question_ask(
            principal=principal_for_user(awa), text=QUESTION, conversation_id=answer.conversation_id
        )
        Turn.objects.filter(pk=asked.response_id).update(state=Turn.State.COMPLETED)
    with CaptureQueriesContext(connection) as long:
        page = client.get(address)
    assert page.content.count(b"data-turn=") == 7
    assert len(long) == len(short)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("model_unavailable", "Réponse par extraits seulement."),
        ("lexical_only", "Recherche par les mots seulement."),
        ("full_text_unavailable", "Le texte intégral n’a pas pu être cherché."),
    ],
)
def test_an_answer_says_what_was_missing(mark: str, words: str) -> None:
    awa = person("awa")
    answer = answered(awa)
    client, address = client_of(awa), f"/c/{answer.conversation_id}/"
    assert words not in client.get(address).content.decode()
    Message.objects.filter(pk=answer.pk).update(degraded=[mark])
    assert words in client.get(address).content.decode()


@pytest.mark.parametrize("mode", ["extractive", "refusal"])
def test_a_key_that_is_not_taken_is_a_matter_for_the_operator(mode: str) -> None:
    awa = person("awa")
    answer = answered(awa, mode=mode)
    Message.objects.filter(pk=answer.pk).update(degraded=["model_unavailable", "model_denied"])
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert "La rédaction n’est pas bien configurée." in page
    assert "dans un instant" not in page


def test_a_refusal_announces_no_sentences_of_the_texts() -> None:
    awa = person("awa")
    answer = answered(awa, mode="refusal")
    Message.objects.filter(pk=answer.pk).update(degraded=["model_unavailable", "lexical_only"])
    client = client_of(awa)
    client.cookies["django_language"] = "en"
    page = client.get(f"/c/{answer.conversation_id}/").content.decode()
    assert "Search by words only." in page
    assert "Writing is not available just now." in page
    assert "here are the sentences of the texts" not in page


def test_an_answer_that_is_given_again_says_when_it_was_first_given() -> None:
    awa = person("awa")
    answer = answered(awa, mode="model")
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    Message.objects.filter(pk=answer.pk).update(degraded=["last_good"], answered_at=at)
    page = client_of(awa).get(f"/c/{answer.conversation_id}/").content.decode()
    assert "Réponse du 20 novembre 2026, redonnée" in page


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_server_draws_the_chosen_theme(theme: str) -> None:
    client = Client()
    assert "data-theme=" not in client.get("/").content.decode()
    client.cookies["theme"] = theme
    assert f'data-theme="{theme}"' in client.get("/").content.decode()


def test_a_page_speaks_the_chosen_language() -> None:
    client = Client(headers={"accept-language": "de"})
    assert "Que cherchez-vous dans les textes" in client.get("/").content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert "What are you looking for in the texts?" in client.get("/").content.decode()


def strip_nonces(page: bytes) -> bytes:
    """Drop what differs on each page by chance: CSRF tokens and idempotency keys."""
    return b"\n".join(
        line for line in page.splitlines() if b"csrfmiddlewaretoken" not in line and b'name="key"' not in line
    )
