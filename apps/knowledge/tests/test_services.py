from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.accounts.types import Principal
from apps.knowledge import services
from apps.knowledge.errors import BadMetadata, EmptyFile, FileTooLarge, JobNotRetryable, UnknownNamespace
from apps.knowledge.models import Document, DocumentVersion, IngestionJob, Namespace, Passage
from apps.knowledge.parsers.errors import Encrypted, UnsupportedFormat
from apps.knowledge.tests.people import ARTICLES, Cast, add, add_ready
from apps.rag.models import IndexEntry
from kauri.lib.errors import KauriError, NotAllowed, NotFound
from kauri.lib.models import OutboxEvent


def test_seeding_twice_gives_seven_collections_and_keeps_what_curators_changed(db: None) -> None:
    assert services.namespaces_seed() == 7
    Namespace.objects.filter(pk="syscoa").update(title="Autre titre")
    assert services.namespaces_seed() == 0
    assert Namespace.objects.get(pk="syscoa").title == "Autre titre"


def test_adding_opens_a_job_and_tells_of_it_in_one_transaction(curator: Principal) -> None:
    added = add(curator, code="ausc demo", title="Acte de démonstration")
    document = Document.objects.get()
    assert (document.pk, document.code, document.title_folded) == (
        added.document_id,
        "AUSCDEMO",
        "acte de demonstration",
    )
    job = IngestionJob.objects.get()
    assert (job.pk, job.state, job.stage, added.is_unchanged) == (added.job_id, "waiting", "stored", False)
    event = OutboxEvent.objects.exclude(type="user.registered").get()
    assert (event.type, event.key) == ("knowledge.document.added", document.pk)


def test_the_file_is_kept_under_its_hash_and_not_under_its_name(curator: Principal) -> None:
    add(curator, filename="../../etc/Mon fichier é.md")
    version = DocumentVersion.objects.get()
    assert version.file.name == f"documents/{version.sha256[:2]}/{version.sha256}"
    assert version.file_name == "Mon fichier é.md"
    with default_storage.open(version.stored_name) as stored:
        assert stored.read() == ARTICLES.encode()


def test_a_file_half_written_by_a_dead_process_is_written_again(curator: Principal) -> None:
    add(curator)
    name = DocumentVersion.objects.get().stored_name
    with default_storage.open(name, "wb") as stored:
        stored.write(b"half")
    add(curator)
    with default_storage.open(name) as stored:
        assert stored.read() == ARTICLES.encode()


def test_the_same_file_is_added_once(curator: Principal) -> None:
    first = add_ready(curator, code="DEMO")
    second = add(curator, code="DEMO", filename="autre nom.md")
    assert second.is_unchanged
    assert (second.version_id, second.job_id) == (first.version_id, first.job_id)
    assert DocumentVersion.objects.count() == IngestionJob.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"code": "DEMO"}, {"code": "AUTRE"}),
        ({"code": "DEMO", "country": "SN"}, {"code": "DEMO", "country": "CI"}),
        ({"kind": "law"}, {"kind": "sample"}),
        ({"namespace": "references"}, {"namespace": "doctrine"}),
    ],
)
def test_the_same_file_may_be_another_document_elsewhere(
    curator: Principal, first: dict[str, str], second: dict[str, str]
) -> None:
    assert add(curator, **first).document_id != add(curator, **second).document_id


@pytest.mark.parametrize("identity", [{"code": "DEMO"}, {"title": "Acte de démonstration"}])
def test_another_file_of_a_known_document_is_its_next_version(curator: Principal, identity: dict[str, str]) -> None:
    first = add(curator, **identity)
    second = add(curator, ARTICLES + "\nArticle 4\nUn de plus.", **identity)
    assert first.document_id == second.document_id
    assert list(DocumentVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_files_without_code_and_title_never_replace_each_other(curator: Principal) -> None:
    first = add(curator, filename="README.md")
    second = add(curator, "Un autre texte, sans rapport.", filename="README.md")
    assert first.document_id != second.document_id


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, UnsupportedFormat),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), Encrypted),
    ],
)
def test_it_refuses_at_the_door_what_nobody_could_read(
    curator: Principal, content: bytes, error: type[KauriError]
) -> None:
    with pytest.raises(error):
        add(curator, content)
    assert not Document.objects.exists()


def test_it_refuses_a_file_above_the_limit_and_names_both_sizes(curator: Principal, settings: object) -> None:
    settings.KAURI_UPLOAD_MAX_MB = 1  # type: ignore[attr-defined]  # the fixture is untyped
    with pytest.raises(FileTooLarge, match=r"3.*1"):
        add(curator, b"x" * 3_000_000)


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "novel"},
        {"country": "FR"},
        {"in_force_from": date(2020, 1, 1), "in_force_to": date(2020, 1, 1)},
        {"code": "X" * 41},
    ],
)
def test_it_refuses_bad_metadata(curator: Principal, said: dict[str, Any]) -> None:
    with pytest.raises(BadMetadata):
        add(curator, **said)


def test_it_refuses_an_unknown_collection(curator: Principal) -> None:
    with pytest.raises(UnknownNamespace):
        add(curator, namespace="nowhere")


@pytest.mark.parametrize("who", ["owner", "colleague", "stranger", "nobody"])
def test_only_curators_add_to_the_shared_base(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        add(cast.principals[who])


@pytest.mark.parametrize(
    ("who", "may"), [("owner", True), ("colleague", True), ("curator", False), ("stranger", False)]
)
def test_only_members_add_to_an_organisation(cast: Cast, who: str, may: bool) -> None:
    firm = cast.owner.memberships.get().organisation_id
    if may:
        assert add(cast.principals[who], organisation_id=firm).document_id
        return
    with pytest.raises(NotFound):
        add(cast.principals[who], organisation_id=firm)


@pytest.mark.parametrize("who", ["curator", "stranger", "nobody"])
def test_to_others_the_document_of_an_organisation_does_not_exist(cast: Cast, who: str) -> None:
    firm = cast.owner.memberships.get().organisation_id
    added = add_ready(cast.principals["owner"], organisation_id=firm)
    passage_id = Passage.objects.filter(version_id=added.version_id).values_list("pk", flat=True)[0]
    principal = cast.principals[who]
    refusals: tuple[Callable[[], object], ...] = (
        lambda: services.job_retry(principal=principal, job_id=added.job_id),
        lambda: services.version_withdraw(principal=principal, version_id=added.version_id),
        lambda: services.version_publish(principal=principal, version_id=added.version_id),
        lambda: services.passage_correct(principal=principal, passage_id=passage_id, edited_text="", is_hidden=True),
        lambda: services.version_withdraw(principal=principal, version_id=UUID(int=1)),
    )
    for refused in refusals:
        with pytest.raises(NotFound):
            refused()


def test_a_failed_job_is_tried_again_on_demand_and_by_adding_the_file_again(curator: Principal) -> None:
    added = add(curator)
    with pytest.raises(JobNotRetryable):
        services.job_retry(principal=curator, job_id=added.job_id)
    ways: tuple[Callable[[], object], ...] = (
        lambda: services.job_retry(principal=curator, job_id=added.job_id, hint=False),
        lambda: add(curator),
    )
    for again in ways:
        IngestionJob.objects.update(state="failed", reason_code="x", reason={"fr": "Raison"}, attempt=4)
        again()
        job = IngestionJob.objects.get()
        assert (job.state, job.attempt, job.reason_code, job.reason) == ("waiting", 0, "", {})


def test_what_was_read_never_changes(curator: Principal) -> None:
    added = add_ready(curator)
    changes: tuple[Callable[[], object], ...] = (
        lambda: DocumentVersion.objects.update(plain_text="autre"),
        lambda: DocumentVersion.objects.update(sha256="0" * 64),
        lambda: Passage.objects.update(text="autre"),
        lambda: Passage.objects.update(span_end=1_000_000),
    )
    for change in changes:
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            change()
    assert DocumentVersion.objects.get(pk=added.version_id).plain_text


def test_two_documents_of_one_code_and_two_open_jobs_of_one_version_cannot_be(curator: Principal) -> None:
    added = add(curator, code="DEMO")
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.create(namespace_id="references", code="DEMO", title="x", kind="law")
    with pytest.raises(IntegrityError), transaction.atomic():
        IngestionJob.objects.create(version_id=added.version_id)


def test_a_correction_and_a_hide_reach_the_index_and_keep_the_original(curator: Principal) -> None:
    added = add_ready(curator)
    passage = Passage.objects.filter(version_id=added.version_id, text__contains="statuts")[0]
    services.passage_correct(principal=curator, passage_id=passage.pk, edited_text="Texte corrigé.", is_hidden=False)
    entry = IndexEntry.objects.get(passage_id=passage.pk)
    assert (entry.text, entry.state) == ("Texte corrigé.", "live")
    assert "Texte corrigé." in entry.search_text
    services.passage_correct(principal=curator, passage_id=passage.pk, edited_text="", is_hidden=True)
    assert IndexEntry.objects.get(passage_id=passage.pk).state == "withdrawn"
    services.passage_correct(principal=curator, passage_id=passage.pk, edited_text="", is_hidden=False)
    entry.refresh_from_db()
    assert (entry.text, entry.state) == (passage.text, "live")


def test_one_command_removes_the_samples_and_nothing_else(
    curator: Principal, django_capture_on_commit_callbacks: object
) -> None:
    kept = add_ready(curator, "Un texte qui reste.\n\nIl a deux alinéas.")
    sample = add_ready(curator, kind="sample")
    name = DocumentVersion.objects.get(pk=sample.version_id).stored_name
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # the fixture is untyped
        assert services.samples_remove() == 1
    assert [document.pk for document in Document.objects.all()] == [kept.document_id]
    assert set(IndexEntry.objects.values_list("version_id", flat=True)) == {kept.version_id}
    assert not default_storage.exists(name)
    assert services.samples_remove() == 0


def test_the_period_given_is_kept(curator: Principal) -> None:
    add(curator, in_force_from=date(2014, 5, 5))
    assert DocumentVersion.objects.get().in_force == DateRange(date(2014, 5, 5), None)
