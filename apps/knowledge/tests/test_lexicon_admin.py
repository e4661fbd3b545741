"""The curators' page of the lexicon."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.knowledge.tests.people import Cast
from apps.rag.models import LexiconEntry

LIST = "admin:rag_lexiconentry_changelist"
ADD = "admin:rag_lexiconentry_add"


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(cast: Cast) -> Client:
    return _client(cast.curator)


def _post(desk: Client, said: str, meant: str, **more: str) -> object:
    return desk.post(reverse(ADD), {"said": said, "meant": meant, "register": "everyday", "is_active": "on", **more})


def test_a_curator_adds_finds_changes_and_removes_a_word(desk: Client) -> None:
    response = _post(desk, "  Njangi ", "société coopérative, tontine", note="Cameroun")
    assert response.status_code == 302  # type: ignore[attr-defined]  # the test client's response has no stubs here
    row = LexiconEntry.objects.get()
    assert (row.said, row.meant) == ("Njangi", ["société coopérative", "tontine"])
    found = desk.get(reverse(LIST), {"q": "coopérative"}).content.decode()
    assert "Njangi" in found
    assert "Njangi" not in desk.get(reverse(LIST), {"q": "hypothèque"}).content.decode()
    assert "Njangi" not in desk.get(reverse(LIST), {"is_active__exact": "0"}).content.decode()
    chosen = {"action": "leave_out", "_selected_action": [str(row.pk)]}
    before = row.changed_at
    assert desk.post(reverse(LIST), chosen).status_code == 302
    row.refresh_from_db()
    assert not row.is_active
    assert row.changed_at > before
    desk.post(reverse("admin:rag_lexiconentry_delete", args=[row.pk]), {"post": "yes"})
    assert not LexiconEntry.objects.exists()


@pytest.mark.parametrize(
    ("said", "meant", "field"),
    [
        ("de la", "société", "said"),
        ("un deux trois quatre cinq six sept huit", "société", "said"),
        ("patron", "de, la", "meant"),
        ("patron", "a1, b2, c3, d4, e5, f6", "meant"),
        ("gérant", "gérants", "meant"),
        ("", "société", "said"),
        ("patron", "", "meant"),
    ],
)
def test_what_the_search_cannot_use_is_refused_in_a_sentence(desk: Client, said: str, meant: str, field: str) -> None:
    response = _post(desk, said, meant)
    form = response.context["adminform"].form  # type: ignore[attr-defined]  # no stubs for the test response
    assert list(form.errors) == [field]
    assert not LexiconEntry.objects.exists()


def test_a_word_is_there_once_however_it_is_written(desk: Client) -> None:
    _post(desk, "Gérance", "gestion")
    response = _post(desk, "gerance", "gestion")
    assert "said" in response.context["adminform"].form.errors  # type: ignore[attr-defined]  # no stubs
    assert LexiconEntry.objects.count() == 1


def test_only_curators_come_in(cast: Cast) -> None:
    for user in (cast.colleague, cast.stranger):
        assert _client(user).get(reverse(LIST)).status_code in (302, 403, 404)
    assert Client().get(reverse(LIST)).status_code == 302
