from datetime import date
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from apps.accounts.models import User
from apps.accounts.types import Principal
from apps.knowledge.admin.base import period_words
from apps.knowledge.models import Document, DocumentVersion, IngestionJob, Passage
from apps.knowledge.tests.people import ARTICLES, Cast, add, add_ready
from apps.rag.models import IndexEntry

LISTS = ("document", "documentversion", "passage", "ingestionjob", "namespace", "account")


def _client(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def desk(cast: Cast) -> Client:
    return _client(cast.curator)


def _upload(client: Client, content: bytes | str = ARTICLES, name: str = "acte.md", **said: str) -> object:
    body = content.encode() if isinstance(content, str) else content
    fields = {"namespace": "references", "kind": "law", "publish": "on", **said}
    return client.post(reverse("admin:knowledge_document_add"), {"file": SimpleUploadedFile(name, body), **fields})


def test_every_page_of_the_desk_opens(desk: Client, curator: Principal) -> None:
    added = add_ready(curator, code="DEMO")
    passage = Passage.objects.all()[0]
    rows = {
        "document": added.document_id,
        "documentversion": added.version_id,
        "passage": passage.pk,
        "ingestionjob": added.job_id,
        "namespace": "references",
    }
    assert desk.get(reverse("admin:index")).status_code == 200
    for name in LISTS:
        assert desk.get(reverse(f"admin:knowledge_{name}_changelist")).status_code == 200, name
    for name, pk in rows.items():
        assert desk.get(reverse(f"admin:knowledge_{name}_change", args=[pk])).status_code == 200, name
    assert desk.get(reverse("admin:knowledge_document_add")).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("owner", 404), ("colleague", 404), ("stranger", 404), ("nobody", 302)])
def test_only_curators_enter(cast: Cast, curator: Principal, who: str, status: int) -> None:
    added = add_ready(curator)
    client = _client(getattr(cast, who, None))
    pages = [
        reverse("admin:index"),
        *(reverse(f"admin:knowledge_{name}_changelist") for name in LISTS),
        reverse("admin:knowledge_document_add"),
        reverse("admin:knowledge_document_change", args=[added.document_id]),
        reverse("admin:knowledge_job_progress", args=[added.job_id]),
    ]
    for page in pages:
        answer = client.get(page, follow=who != "nobody")
        assert answer.status_code == status, page
    for button in ("version_withdraw", "version_publish"):
        client.post(reverse(f"admin:knowledge_{button}", args=[added.version_id]))
    assert DocumentVersion.objects.get().state == "published"
    _upload(client)
    assert Document.objects.count() == 1


def test_staff_who_are_no_curators_do_not_enter(cast: Cast) -> None:
    User.objects.filter(pk=cast.stranger.pk).update(is_staff=True)
    assert _client(cast.stranger).get(reverse("admin:index"), follow=True).status_code == 404


def test_visitors_are_sent_to_the_one_login_page(db: None) -> None:
    answer = Client().get(reverse("admin:index"), follow=True)
    assert "admin" in answer.redirect_chain[-1][0]
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_to_a_curator_the_texts_of_organisations_do_not_exist(cast: Cast, desk: Client) -> None:
    firm = cast.owner.memberships.get().organisation_id
    added = add_ready(cast.principals["owner"], organisation_id=firm, title="Texte du cabinet")
    IngestionJob.objects.update(state="failed", reason_code="x")
    assert "Texte du cabinet" not in desk.get(reverse("admin:knowledge_document_changelist")).content.decode()
    for name, pk in (
        ("document", added.document_id),
        ("documentversion", added.version_id),
        ("ingestionjob", added.job_id),
    ):
        theirs = desk.get(reverse(f"admin:knowledge_{name}_change", args=[pk]))
        missing = desk.get(reverse(f"admin:knowledge_{name}_change", args=[UUID(int=1)]))
        assert (theirs.status_code, missing.status_code) == (302, 302), name
    for name, pk in (("job_retry", added.job_id), ("version_withdraw", added.version_id)):
        assert desk.post(reverse(f"admin:knowledge_{name}", args=[pk])).status_code == 404
    assert desk.get(reverse("admin:knowledge_job_progress", args=[added.job_id])).status_code == 404
    assert desk.get(reverse("admin:knowledge_document_add"), {"document": str(added.document_id)}).status_code == 404


def test_an_upload_opens_an_import_and_shows_it(desk: Client) -> None:
    answer = _upload(desk, code="DEMO", title="Acte", in_force_from="2014-05-05", country="SN")
    job = IngestionJob.objects.get()
    assert answer.headers["Location"] == reverse("admin:knowledge_ingestionjob_change", args=[job.pk])  # type: ignore[attr-defined]  # the fixture is untyped
    version = DocumentVersion.objects.select_related("document").get()
    assert (version.title, version.document.code, version.document.country, version.file_name, job.is_publishing) == (
        "Acte",
        "DEMO",
        "SN",
        "acte.md",
        True,
    )
    assert version.document.created_by is not None


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "vide.md"), (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "image.pdf"), (b"x" * 2_000_000, "lourd.txt")],
)
def test_a_file_that_is_refused_gets_its_sentence_and_keeps_what_was_typed(
    desk: Client, settings: object, content: bytes, name: str
) -> None:
    settings.KAURI_UPLOAD_MAX_MB = 1  # type: ignore[attr-defined]  # the fixture is untyped
    answer = _upload(desk, content, name, title="Mon titre")
    html = answer.content.decode()  # type: ignore[attr-defined]  # the fixture is untyped
    assert answer.status_code == 200  # type: ignore[attr-defined]  # the fixture is untyped
    assert answer.context["form"].errors["file"]  # type: ignore[attr-defined]  # the fixture is untyped
    assert "Mon titre" in html
    assert not Document.objects.exists()


def test_the_same_file_again_is_said_to_be_there(desk: Client, curator: Principal) -> None:
    added = add_ready(curator, code="DEMO")
    answer = _upload(desk, code="DEMO")
    assert str(added.job_id) in answer.headers["Location"]  # type: ignore[attr-defined]  # the fixture is untyped
    assert DocumentVersion.objects.count() == 1


def test_a_new_version_starts_from_what_is_known(desk: Client, curator: Principal) -> None:
    added = add_ready(curator, code="DEMO", title="Acte", namespace="doctrine")
    page = desk.get(reverse("admin:knowledge_document_add"), {"document": str(added.document_id)})
    initial = page.context["form"].initial
    assert (initial["code"], initial["title"], initial["namespace"]) == ("DEMO", "Acte", "doctrine")


@pytest.mark.parametrize("given", ["x", str(UUID(int=1))])
def test_a_new_version_of_nothing_is_not_found(desk: Client, given: str) -> None:
    assert desk.get(reverse("admin:knowledge_document_add"), {"document": given}).status_code == 404


def test_a_failed_import_shows_its_reason_and_retries_by_post_alone(desk: Client, curator: Principal) -> None:
    added = add(curator)
    IngestionJob.objects.update(
        state="failed", stage="parsing", reason_code="file_broken", reason={"fr": "Fichier abîmé.", "en": "Broken."}
    )
    retry = reverse("admin:knowledge_job_retry", args=[added.job_id])
    html = desk.get(reverse("admin:knowledge_ingestionjob_change", args=[added.job_id])).content.decode()
    assert "Fichier abîmé." in html
    assert f'action="{retry}"' in html
    assert desk.get(retry).status_code == 405
    assert IngestionJob.objects.get().state == "failed"
    assert desk.post(retry).status_code == 302
    assert IngestionJob.objects.get().state == "waiting"


def test_chosen_imports_are_retried_together(desk: Client, curator: Principal) -> None:
    failed = add(curator, ARTICLES)
    fine = add_ready(curator, "# Autre\n\nUn autre texte.")
    IngestionJob.objects.filter(pk=failed.job_id).update(state="failed", reason_code="x")
    desk.post(
        reverse("admin:knowledge_ingestionjob_changelist"),
        {"action": "retry_selected", "_selected_action": [str(failed.job_id), str(fine.job_id)]},
    )
    states = dict(IngestionJob.objects.values_list("pk", "state"))
    assert states == {failed.job_id: "waiting", fine.job_id: "ready"}


def test_the_progress_fragment_tells_the_stage(desk: Client, curator: Principal) -> None:
    added = add(curator)
    IngestionJob.objects.update(state="running", stage="embedding", progress=62)
    html = desk.get(reverse("admin:knowledge_job_progress", args=[added.job_id])).content.decode()
    assert 'data-open="1"' in html
    assert 'value="62"' in html
    assert html.count('aria-current="step"') == 1


def test_publish_and_withdraw_are_buttons(desk: Client, curator: Principal) -> None:
    added = add_ready(curator, publish=False)
    page = reverse("admin:knowledge_documentversion_change", args=[added.version_id])
    publish, withdraw = (
        reverse(f"admin:knowledge_version_{name}", args=[added.version_id]) for name in ("publish", "withdraw")
    )
    assert publish in desk.get(page).content.decode()
    assert desk.get(publish).status_code == 405
    desk.post(publish)
    assert DocumentVersion.objects.get().state == "published"
    assert publish not in desk.get(page).content.decode()
    desk.post(withdraw)
    assert DocumentVersion.objects.get().state == "withdrawn"


def test_a_passage_is_corrected_on_its_page_and_its_original_is_kept(desk: Client, curator: Principal) -> None:
    add_ready(curator, code="DEMO")
    passage = Passage.objects.get(locator="DEMO art. 2")
    url = reverse("admin:knowledge_passage_change", args=[passage.pk])
    answer = desk.post(url, {"edited_text": "Texte corrigé.", "text": "falsifié"})
    assert answer.status_code == 302
    original = passage.text
    passage.refresh_from_db()
    assert (passage.text, passage.edited_text) == (original, "Texte corrigé.")
    assert IndexEntry.objects.get(passage_id=passage.pk).text == "Texte corrigé."


def test_documents_are_found_without_accents(desk: Client, curator: Principal) -> None:
    add(curator, title="Règlement de procédure")
    for query in ("reglement", "RÈGLEMENT", "procedure"):
        html = desk.get(reverse("admin:knowledge_document_changelist"), {"q": query}).content.decode()
        assert "Règlement de procédure" in html, query
    html = desk.get(reverse("admin:knowledge_document_changelist"), {"q": "zzz"}).content.decode()
    assert "Règlement de procédure" not in html


def test_documents_cannot_be_deleted_or_changed_past_the_services(desk: Client, curator: Principal) -> None:
    added = add_ready(curator)
    assert (
        desk.post(reverse("admin:knowledge_document_delete", args=[added.document_id]), {"post": "yes"}).status_code
        == 403
    )
    change = reverse("admin:knowledge_document_change", args=[added.document_id])
    assert desk.post(change, {"title": "Autre"}).status_code == 403
    assert Document.objects.get().title != "Autre"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((date(2014, 5, 5), None), "Depuis le 5 mai 2014"),
        ((None, date(2018, 1, 1)), "Jusqu’au 31 décembre 2017"),
    ],
)
def test_a_period_is_said_as_people_do(days: tuple[date | None, date | None], words: str) -> None:
    assert period_words(DateRange(*days)) == words


def test_a_period_with_two_ends_names_its_last_day() -> None:
    with override("en"):
        words = period_words(DateRange(date(2014, 5, 5), date(2018, 1, 1)))
    assert "2014" in words
    assert "2017" in words


def test_countries_are_named(desk: Client, curator: Principal) -> None:
    _upload(desk, code="DEMO", title="Acte", country="SN")
    page = desk.get("/admin/knowledge/document/").content.decode()
    assert "Sénégal" in page
    assert "Sénégal" in desk.get("/admin/knowledge/document/add/").content.decode()
    assert desk.get("/admin/knowledge/document/?country=SN").content.decode().count("DEMO") > 0
    assert "DEMO" not in desk.get("/admin/knowledge/document/?country=BJ").content.decode()
