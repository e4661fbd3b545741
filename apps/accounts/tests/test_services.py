import pytest
from django.db import IntegrityError

from apps.accounts import services
from apps.accounts.models import Membership, User
from apps.accounts.selectors import principal_get, principal_of
from apps.accounts.types import ANONYMOUS
from kauri.lib.ids import uuid7
from kauri.lib.models import OutboxEvent

pytestmark = pytest.mark.django_db


def test_a_new_user_owns_a_personal_space_and_is_announced_once() -> None:
    user = services.user_create(email="awa@example.com", password="un mot de passe long", name="Awa Diop")
    services.user_registered(user_id=user.pk)
    membership = Membership.objects.get(user=user)
    assert (membership.role, membership.organisation.name, membership.organisation.is_personal) == (
        "owner",
        "Awa Diop",
        True,
    )
    assert list(OutboxEvent.objects.values_list("type", "key")) == [("user.registered", user.pk)]


def test_an_address_is_taken_whatever_its_case() -> None:
    services.user_create(email="awa@example.com", password="x")
    with pytest.raises(IntegrityError):
        services.user_create(email="AWA@example.com", password="x")


def test_a_curator_enters_the_back_office_and_a_user_does_not() -> None:
    curator = services.user_create(email="c@example.com", password="x", is_curator=True)
    user = services.user_create(email="u@example.com", password="x")
    assert principal_of(User.objects.get(pk=curator.pk)).is_curator
    assert curator.is_staff
    assert not principal_of(User.objects.get(pk=user.pk)).is_curator
    assert not user.is_staff


def test_an_inactive_or_unknown_user_is_nobody() -> None:
    user = services.user_create(email="u@example.com", password="x")
    assert principal_get(user.pk).user_id == user.pk
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert principal_get(user.pk) == ANONYMOUS
    assert principal_get(uuid7()) == ANONYMOUS
