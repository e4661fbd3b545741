from pathlib import Path

import pytest
from django.test import Client

from apps.accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "un mot de passe assez long"


@pytest.fixture(autouse=True)
def _unhurried(settings: pytest.FixtureRequest) -> None:
    # allauth counts attempts by address, and every test here comes from one.
    settings.ACCOUNT_RATE_LIMITS = False  # type: ignore[attr-defined] # pytest-django's fixture


FORM = {"name": "Awa Diop", "email": "awa@example.com", "password1": PASSWORD}


def test_a_visitor_signs_up_and_is_signed_in(client: Client, settings: object) -> None:
    response = client.post("/accounts/signup/", FORM)
    assert response.status_code == 302
    user = User.objects.get()
    assert (user.email, user.name, user.memberships.count()) == ("awa@example.com", "Awa Diop", 1)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_mail_is_written_where_no_server_is_named(
    client: Client, settings: pytest.FixtureRequest, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "apps.accounts.mail.MailBackend"  # type: ignore[attr-defined] # pytest-django's fixture
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")  # type: ignore[attr-defined] # pytest-django's fixture
    client.post("/accounts/signup/", FORM)
    (written,) = (tmp_path / "mail").glob("*.eml")
    assert "awa@example.com" in written.read_text(encoding="utf-8")


def test_a_mail_server_that_is_away_locks_nobody_out(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.EMAIL_BACKEND = "apps.accounts.mail.MailBackend"  # type: ignore[attr-defined] # pytest-django's fixture
    settings.EMAIL_URL = "smtp://127.0.0.1:1"  # type: ignore[attr-defined] # pytest-django's fixture
    assert client.post("/accounts/signup/", FORM).status_code == 302
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize(
    ("field", "value"), [("email", "not an address"), ("password1", "court"), ("password1", "123456789012")]
)
def test_a_bad_field_is_explained_and_the_others_are_kept(client: Client, field: str, value: str) -> None:
    response = client.post("/accounts/signup/", {**FORM, field: value})
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert 'value="Awa Diop"' in response.content.decode()
    assert not User.objects.exists()


def test_login_takes_the_address_in_any_case_and_logout_ends_it(client: Client) -> None:
    client.post("/accounts/signup/", FORM)
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
    client.post("/accounts/login/", {"login": "AWA@Example.com", "password": PASSWORD})
    assert "_auth_user_id" in client.session


def test_a_wrong_password_says_so_and_does_not_say_which_half(client: Client) -> None:
    client.post("/accounts/signup/", FORM)
    client.post("/accounts/logout/")
    answers = [
        client.post("/accounts/login/", {"login": login, "password": "faux mot de passe"}).context["form"].errors
        for login in ("awa@example.com", "inconnue@example.com")
    ]
    assert answers[0] == answers[1] != {}
