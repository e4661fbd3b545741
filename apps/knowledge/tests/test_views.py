from uuid import UUID

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.types import Principal
from apps.knowledge import selectors
from apps.knowledge.models import DocumentVersion
from apps.knowledge.tests.people import Cast, add_ready


def _client(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def test_the_page_highlights_the_cited_words(cast: Cast, curator: Principal) -> None:
    added = add_ready(curator, code="DEMO", kind="sample")
    text = DocumentVersion.objects.get().plain_text
    start = text.index("Toute délibération")
    url = selectors.citation_url(added.version_id, start, start + 18)
    assert url.endswith(f"?start={start}&end={start + 18}#passage")
    page = _client(cast.stranger).get(url)
    html = page.content.decode()
    assert page.status_code == 200
    assert '<mark class="q">Toute délibération</mark>' in html
    assert html.count('id="passage"') == 1
    assert page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("kind", "words"), [("law", "Date d’entrée en vigueur non renseignée"), ("doctrine", "Document non daté")]
)
def test_a_text_without_dates_is_not_said_to_be_in_force(cast: Cast, curator: Principal, kind: str, words: str) -> None:
    added = add_ready(curator, kind=kind, country="SN")
    html = _client(cast.stranger).get(f"/texts/{added.version_id}/").content.decode()
    assert words in html
    assert "En vigueur" not in html
    assert "<span>Sénégal</span>" in html


@pytest.mark.parametrize("query", ["", "?start=&end=", "?start=abc&end=-4", "?start=999999999999999999", "?start=٣"])
def test_a_link_that_was_cut_still_opens_the_text(cast: Cast, curator: Principal, query: str) -> None:
    added = add_ready(curator)
    assert _client(cast.stranger).get(f"/texts/{added.version_id}/{query}").status_code == 200


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 200), ("colleague", 200), ("curator", 404), ("stranger", 404), ("nobody", 302)]
)
def test_a_text_of_an_organisation_is_there_for_its_members_alone(cast: Cast, who: str, status: int) -> None:
    firm = cast.owner.memberships.get().organisation_id
    added = add_ready(cast.principals["owner"], organisation_id=firm)
    client = _client(getattr(cast, who, None))
    page = client.get(f"/texts/{added.version_id}/")
    missing = client.get(f"/texts/{UUID(int=1)}/")
    assert page.status_code == status
    if status != 200:
        assert missing.status_code == status, "what is not theirs answers like what is not there"


def test_a_page_asks_the_database_a_fixed_number_of_times(
    cast: Cast, curator: Principal, django_assert_max_num_queries: object
) -> None:
    added = add_ready(curator)
    client = _client(cast.stranger)
    client.get(f"/texts/{added.version_id}/")
    with django_assert_max_num_queries(16):  # type: ignore[operator]  # the fixture is untyped
        client.get(f"/texts/{added.version_id}/")


def test_markup_in_a_text_is_shown_and_not_run(cast: Cast, curator: Principal) -> None:
    added = add_ready(curator, "# Titre\n\nUn texte avec `<script>alert(1)</script>` dedans.")
    html = _client(cast.stranger).get(f"/texts/{added.version_id}/").content.decode()
    assert "<script>alert(1)" not in html
