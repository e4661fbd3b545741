from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.forms import model_to_dict
from django.test import Client

from apps.accounts import selectors, services
from apps.accounts.auth import principal_from_scope
from apps.accounts.models import Membership, Organisation, User
from apps.accounts.types import ANONYMOUS

PASSWORD = "un mot de passe assez long"


def _scope(cookie: str) -> dict[str, Any]:
    return {"type": "http", "headers": [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode())]}


@pytest.fixture
def signed_in(db: None) -> tuple[User, str]:
    user = services.user_create(email="awa@example.com", password=PASSWORD)
    client = Client()
    client.force_login(user)
    return user, client.cookies[settings.SESSION_COOKIE_NAME].value


def test_a_session_cookie_names_its_user(signed_in: tuple[User, str]) -> None:
    user, cookie = signed_in
    principal = principal_from_scope(_scope(cookie))
    assert principal.user_id == user.pk
    assert len(principal.organisation_ids) == 1


def test_a_broken_cookie_of_another_program_hides_nobody(signed_in: tuple[User, str]) -> None:
    user, cookie = signed_in
    sent = f'prefs={{"a": 1}}; {settings.SESSION_COOKIE_NAME}={cookie}'
    principal = principal_from_scope({"type": "http", "headers": [(b"cookie", sent.encode())]})
    assert principal.user_id == user.pk


@pytest.mark.parametrize("headers", [[], [(b"cookie", b"sessionid=unknown")], [(b"cookie", b"a=b; \xff;;=")]])
@pytest.mark.django_db
def test_whoever_has_no_session_is_nobody(headers: list[tuple[bytes, bytes]]) -> None:
    assert principal_from_scope({"type": "http", "headers": headers}) == ANONYMOUS


@pytest.mark.parametrize("change", ["password", "inactive"])
def test_a_changed_password_or_a_closed_account_ends_the_session(signed_in: tuple[User, str], change: str) -> None:
    user, cookie = signed_in
    if change == "password":
        user.set_password("un autre mot de passe long")
    user.is_active = change != "inactive"
    user.save()
    assert principal_from_scope(_scope(cookie)) == ANONYMOUS


def test_a_person_is_read_as_by_the_orm_with_their_organisations(signed_in: tuple[User, str]) -> None:
    user, _ = signed_in
    Membership.objects.create(user=user, organisation=Organisation.objects.create(name="Cabinet Mabiala"))
    read, by_orm = selectors.user_get(user.pk), User.objects.get(pk=user.pk)
    assert read is not None
    assert read.get_deferred_fields() == set()
    assert model_to_dict(read) == model_to_dict(by_orm)
    assert (read.pk, read.last_login, read.date_joined) == (by_orm.pk, by_orm.last_login, by_orm.date_joined)
    assert len(read.organisation_ids) == 2
    assert read.organisation_ids == by_orm.organisation_ids
    assert selectors.user_get(uuid4()) is None


def test_a_closed_account_is_nobody_at_its_next_request(signed_in: tuple[User, str]) -> None:
    user, cookie = signed_in
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert client.get("/").wsgi_request.user == user
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/").wsgi_request.user.is_anonymous
