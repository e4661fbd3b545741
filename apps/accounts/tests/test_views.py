"""The language of a visitor and of a person."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts import services

PASSWORD = "un mot de passe assez long"
pytestmark = pytest.mark.django_db


def choose(client: Client, language: str) -> None:
    response = client.post(reverse("set_language"), {"language": language, "next": "/"})
    assert response.status_code == 302


def test_a_visitors_choice_stays_in_their_browser_whatever_it_asks_for(client: Client) -> None:
    choose(client, "en")
    assert client.get("/", headers={"Accept-Language": "fr"}).headers["Content-Language"] == "en"
    assert Client().get("/").headers["Content-Language"] == "fr"


def test_a_persons_choice_follows_them_into_another_browser(client: Client) -> None:
    user = services.user_create(email="awa@example.com", password=PASSWORD)
    client.force_login(user)
    choose(client, "en")
    other = Client()
    other.post(reverse("account_login"), {"login": "awa@example.com", "password": PASSWORD})
    assert other.get("/").headers["Content-Language"] == "en"


def test_an_unknown_language_is_not_kept(client: Client) -> None:
    user = services.user_create(email="awa@example.com", password=PASSWORD)
    client.force_login(user)
    choose(client, "tlh")
    user.refresh_from_db()
    assert user.language == ""
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_a_curator_enters_the_back_office_by_the_one_login_page(client: Client) -> None:
    services.user_create(email="curateur@example.com", password=PASSWORD, is_curator=True)
    door = client.get("/admin/", follow=True)
    assert door.redirect_chain[-1][0].startswith(reverse("account_login"))
    back = door.context["request"].GET["next"]
    entered = client.post(
        reverse("account_login"), {"login": "curateur@example.com", "password": PASSWORD, "next": back}, follow=True
    )
    assert entered.status_code == 200
    assert entered.request["PATH_INFO"] == "/admin/"
