"""The verbs of the corpus."""

import logging
from datetime import date
from functools import partial
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts.types import Principal
from apps.knowledge import access, tasks
from apps.knowledge.errors import JobNotRetryable, UnknownNamespace
from apps.knowledge.files import StoredFile, file_store
from apps.knowledge.filing import Filing, documents_known, file_check, filing
from apps.knowledge.models import Document, DocumentVersion, IngestionJob, Namespace, Passage
from apps.knowledge.pipeline import publication
from apps.knowledge.pipeline.entries import entries_of
from apps.knowledge.seeds import NAMESPACES
from apps.knowledge.types import DocumentAdded
from apps.rag import indexer
from kauri.lib import outbox
from kauri.lib.errors import NotAllowed, NotFound

logger = logging.getLogger(__name__)


def namespaces_seed() -> int:
    """Create the collections that are missing; return how many. What curators changed stays."""
    present = set(Namespace.objects.values_list("slug", flat=True))
    missing = [
        Namespace(slug=seed.slug, title=seed.title, description=seed.description, position=position)
        for position, seed in enumerate(NAMESPACES, start=1)
        if seed.slug not in present
    ]
    Namespace.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def document_add(
    *,
    principal: Principal,
    file: "File[bytes]",
    filename: str,
    namespace: str,
    kind: str,
    code: str = "",
    title: str = "",
    country: str | None = None,
    in_force_from: date | None = None,
    in_force_to: date | None = None,
    organisation_id: UUID | None = None,
    plan: str = "",
    publish: bool = True,
    hint: bool = True,
) -> DocumentAdded:
    """Keep a file and open the job that reads it; without `hint` the caller runs the job itself.

    A document is known by its code, else by a title that was given: its next file is its next
    version. The same file is added once; where its import had failed, it is tried again.
    Raises NotAllowed, NotFound, UnknownNamespace, BadMetadata, EmptyFile, FileTooLarge, ParseFailed.
    """
    _may_add(principal, organisation_id)
    said = filing(
        namespace=namespace,
        organisation_id=organisation_id,
        code=code,
        title=title,
        filename=filename,
        kind=kind,
        country=country,
        plan=plan,
        in_force_from=in_force_from,
        in_force_to=in_force_to,
    )
    known = Namespace.objects.values_list("slug", flat=True)
    if namespace not in known:
        sentence = _("There is no collection “%(given)s”. There are: %(known)s.")
        raise UnknownNamespace(sentence % {"given": namespace, "known": ", ".join(known)})
    file_check(file)
    # Before the transaction: a file that nothing points to does no harm, a row without its file does.
    stored = file_store(file)
    return _add(principal, said, stored, is_publishing=publish, is_hinting=hint)


@transaction.atomic
def job_retry(*, principal: Principal, job_id: UUID, hint: bool = True) -> None:
    """Open a failed job again. Raises NotFound, JobNotRetryable."""
    managed = access.managed(principal)
    job = IngestionJob.objects.select_for_update().filter(pk=job_id, version__document__in=managed).first()
    if job is None:
        raise NotFound
    if job.state != IngestionJob.State.FAILED:
        raise JobNotRetryable
    _reopen(job, is_hinting=hint)


@transaction.atomic
def version_publish(*, principal: Principal, version_id: UUID) -> None:
    """Publish a draft whose import has finished. Raises NotFound, NotPublishable, PeriodOverlaps."""
    _managed_version(principal, version_id)
    publication.version_publish(version_id)


@transaction.atomic
def version_withdraw(*, principal: Principal, version_id: UUID) -> None:
    """Take a version out of every search; its text can still be read where it was cited. Raises NotFound."""
    _managed_version(principal, version_id)
    publication.version_withdraw(version_id)


@transaction.atomic
def passage_correct(*, principal: Principal, passage_id: UUID, edited_text: str, is_hidden: bool) -> None:
    """Lay a correction or a hide over a passage; what was read from the file stays. Raises NotFound."""
    # The document's row first, as whoever publishes or withdraws: else a passage withdrawn meanwhile came back.
    documents = access.managed(principal).select_for_update(of=("self",))
    if documents.filter(versions__passages=passage_id).first() is None:
        raise NotFound
    passage = Passage.objects.select_for_update(of=("self",)).select_related("version__document").get(pk=passage_id)
    correction = edited_text.strip()
    passage.edited_text = "" if correction == passage.text.strip() else correction
    passage.is_hidden = is_hidden
    passage.save(update_fields=["edited_text", "is_hidden"])
    is_live = passage.version.state == DocumentVersion.State.PUBLISHED
    indexer.passage_replace(passage.pk, entries_of(passage.version, [passage]), is_live=is_live)
    transaction.on_commit(partial(tasks.hint_vectors, passage.version_id))


@transaction.atomic
def samples_remove() -> int:
    """Delete every document of kind sample with all that came from it; return how many documents."""
    samples = list(Document.objects.select_for_update().filter(kind=Document.Kind.SAMPLE))
    for sample in samples:
        for version in sample.versions.defer("plain_text"):
            indexer.version_remove(version.pk)
            transaction.on_commit(partial(_forget_file, version.stored_name, version.sha256))
        sample.delete()
    return len(samples)


def _may_add(principal: Principal, organisation_id: UUID | None) -> None:
    if organisation_id is None and not principal.is_curator:
        raise NotAllowed
    if organisation_id is not None and organisation_id not in principal.organisation_ids:
        raise NotFound


@transaction.atomic
def _add(
    principal: Principal, said: Filing, stored: StoredFile, *, is_publishing: bool, is_hinting: bool
) -> DocumentAdded:
    _one_at_a_time(said)
    dedupe_key = said.dedupe_key(stored.sha256)
    present = DocumentVersion.objects.exclude(state=DocumentVersion.State.WITHDRAWN).filter(dedupe_key=dedupe_key)
    if version := present.defer("plain_text").first():
        return _present(version, is_hinting=is_hinting)
    document = _document(principal, said)
    last = document.versions.aggregate(last=Max("number"))["last"] or 0
    version = DocumentVersion.objects.create(
        document=document,
        number=last + 1,
        title=said.title,
        file=stored.name,
        file_name=said.file_name,
        byte_count=stored.byte_count,
        sha256=stored.sha256,
        dedupe_key=dedupe_key,
        in_force=DateRange(said.in_force_from, said.in_force_to),
    )
    job = IngestionJob.objects.create(version=version, is_publishing=is_publishing)
    payload = {"document_id": str(document.pk), "version_id": str(version.pk), "namespace": said.namespace}
    outbox.publish(type="knowledge.document.added", aggregate_id=document.pk, payload=payload)
    if is_hinting:
        transaction.on_commit(partial(tasks.hint, job.pk))
    return DocumentAdded(document.pk, version.pk, job.pk, is_unchanged=False)


def _one_at_a_time(said: Filing) -> None:
    """Let two additions to one place wait for each other, before either has a row to lock."""
    with connection.cursor() as cursor:
        place = f"knowledge.add:{said.namespace}:{said.organisation_id or ''}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [place])


def _present(version: DocumentVersion, *, is_hinting: bool) -> DocumentAdded:
    job = IngestionJob.objects.select_for_update().filter(version=version).latest("id")
    is_unchanged = job.state == IngestionJob.State.READY
    if job.state == IngestionJob.State.FAILED:
        _reopen(job, is_hinting=is_hinting)
    return DocumentAdded(version.document_id, version.pk, job.pk, is_unchanged)


def _document(principal: Principal, said: Filing) -> Document:
    """Return the document that a file belongs to, made where there is none."""
    is_named = said.code or said.is_title_given
    document = documents_known(said).select_for_update().first() if is_named else None
    if document is None:
        document = Document(
            namespace_id=said.namespace,
            organisation_id=said.organisation_id,
            title=said.title,
            code=said.code,
            country=said.country,
            created_by_id=principal.user_id,
        )
    document.kind = said.kind
    document.plan = said.plan
    document.save()
    return document


def _reopen(job: IngestionJob, *, is_hinting: bool) -> None:
    IngestionJob.objects.filter(pk=job.pk).update(
        state=IngestionJob.State.WAITING,
        attempt=0,
        failure_count=0,
        progress=0,
        owner="",
        lease_until=None,
        hinted_at=Now() if is_hinting else None,
        finished_at=None,
        reason_code="",
        reason={},
    )
    if is_hinting:
        transaction.on_commit(partial(tasks.hint, job.pk))


def _managed_version(principal: Principal, version_id: UUID) -> None:
    if not DocumentVersion.objects.filter(pk=version_id, document__in=access.managed(principal)).exists():
        raise NotFound


def _forget_file(name: str, sha256: str) -> None:
    if not DocumentVersion.objects.filter(sha256=sha256).exists():
        default_storage.delete(name)
