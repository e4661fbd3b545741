"""What the first start puts into an empty database."""

import pytest
from django.contrib.auth import authenticate

from apps.knowledge.announced import announce, n_announced
from kauri.launcher.commands import SAMPLES
from kauri.management.preparation import demo_accounts_create, is_unused, samples_announce


@pytest.mark.django_db
def test_the_demo_accounts_can_sign_in_and_only_one_curates() -> None:
    assert is_unused()
    passwords = iter(["un mot de passe assez long", "un autre mot de passe long"])
    accounts = demo_accounts_create(lambda n_bytes: next(passwords))
    assert not is_unused()
    users = [authenticate(username=account.email, password=account.password) for account in accounts]
    assert [user is not None and user.is_staff for user in users] == [True, False]


def test_the_samples_are_announced_before_they_are_imported() -> None:
    samples_announce(SAMPLES / "manifest.jsonl")
    try:
        assert n_announced() == len(list((SAMPLES / "documents").iterdir()))
    finally:
        announce(0)
