"""The stages of an import. Each may be run again from the start, and writes only under its fence."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models.functions import Now

from apps.knowledge import chunking
from apps.knowledge.chunking.types import CHUNKER_REVISION, Chunked, ChunkedPassage, ParsedAccount
from apps.knowledge.errors import NothingToRead, VersionWithdrawn
from apps.knowledge.files import local_copy
from apps.knowledge.models import Account, Document, DocumentVersion, IngestionJob, Passage, always
from apps.knowledge.parsers.types import PARSER_REVISION, ParsedDocument
from apps.knowledge.pipeline import lease, publication
from apps.knowledge.pipeline.entries import entries_of
from apps.knowledge.pipeline.lease import Claim
from apps.knowledge.sandbox import parse_file
from apps.rag import indexer

_Stage = IngestionJob.Stage
_BATCH = 500
_EMBED_FROM, _EMBED_TO = 40, 95


def work(claim: Claim) -> None:
    """Take a job from wherever it stands to its end.

    Raises KauriError subclasses that say why the document cannot be taken, and LeaseLost.
    """
    with transaction.atomic():
        _require_wanted(claim.version_id)
    version = DocumentVersion.objects.select_related("document").defer("plain_text").get(pk=claim.version_id)
    # Text and passages are saved in one transaction: they are all there, or nothing is.
    if not version.is_read:
        _read(claim, version)
    lease.advance(claim, _Stage.STAGING, 35)
    with transaction.atomic():
        lease.lock(claim)
        _require_wanted(claim.version_id)
        indexer.entries_stage(entries_of(version, version.passages.all()))
    _embed(claim)
    lease.advance(claim, _Stage.PUBLISHING, _EMBED_TO)
    with transaction.atomic():
        lease.lock(claim)
        _require_wanted(claim.version_id)
        if claim.is_publishing:
            publication.version_publish(claim.version_id)
        lease.update(
            claim,
            state=IngestionJob.State.READY,
            stage=_Stage.READY,
            progress=100,
            finished_at=Now(),
            lease_until=None,
            owner="",
            reason_code="",
            reason={},
        )


def _require_wanted(version_id: UUID) -> None:
    """Hold the document's row, as whoever withdraws does. Raises VersionWithdrawn."""
    Document.objects.select_for_update(of=("self",)).get(versions=version_id)
    if DocumentVersion.objects.filter(pk=version_id, state=DocumentVersion.State.WITHDRAWN).exists():
        raise VersionWithdrawn


def _read(claim: Claim, version: DocumentVersion) -> None:
    lease.advance(claim, _Stage.PARSING, 5)
    with local_copy(version.stored_name, version.sha256) as path:
        parsed = parse_file(path)
    lease.advance(claim, _Stage.CHUNKING, 20)
    document = version.document
    chunked = chunking.chunk(parsed, code=document.code, kind=document.kind, plan=document.plan, title=version.title)
    if not chunked.passages:
        raise NothingToRead
    lease.advance(claim, _Stage.SAVING, 30)
    with transaction.atomic():
        lease.lock(claim)
        _save(version, parsed, chunked)


def _save(version: DocumentVersion, parsed: ParsedDocument, chunked: Chunked) -> None:
    DocumentVersion.objects.filter(pk=version.pk, chunker_revision=None).update(
        format=parsed.format,
        page_count=parsed.page_count,
        plain_text=chunked.plain_text,
        outline=[[entry.title, entry.level, entry.start] for entry in chunked.outline],
        parser_revision=PARSER_REVISION,
        chunker_revision=CHUNKER_REVISION,
    )
    Passage.objects.bulk_create((_passage(version.pk, cut) for cut in chunked.passages), batch_size=_BATCH)
    _save_accounts(version.pk, chunked.accounts)


def _passage(version_id: UUID, cut: ChunkedPassage) -> Passage:
    return Passage(
        version_id=version_id,
        ordinal=cut.ordinal,
        text=cut.text,
        search_text=cut.search_text,
        locator=cut.locator,
        heading_path=list(cut.heading_path),
        page=cut.page,
        span_start=cut.span[0],
        span_end=cut.span[1],
        token_count=cut.token_count,
        references=list(cut.references),
        plan=cut.plan,
        in_force=_period(cut.in_force) if cut.in_force else None,
    )


def _save_accounts(version_id: UUID, accounts: Iterable[ParsedAccount]) -> None:
    """Save a chart's accounts, parents before children, so that each can name its parent."""
    rows: dict[tuple[str, str], Account] = {}
    by_length = sorted(accounts, key=lambda account: len(account.number))
    for account in by_length:
        rows[account.plan, account.number] = Account(
            version_id=version_id,
            plan=account.plan,
            number=account.number,
            label=account.label,
            account_class=account.account_class,
            in_force=_period(account.in_force) if account.in_force else always(),
        )
    Account.objects.bulk_create(rows.values(), batch_size=_BATCH)
    children = []
    for account in by_length:
        if parent := rows.get((account.plan, account.parent)):
            row = rows[account.plan, account.number]
            row.parent = parent
            children.append(row)
    Account.objects.bulk_update(children, ["parent"], batch_size=_BATCH)


def _period(bounds: tuple[date | None, date | None]) -> "DateRange[date]":
    return DateRange(*bounds)


def _embed(claim: Claim) -> None:
    lease.advance(claim, _Stage.EMBEDDING, _EMBED_FROM)

    def progress(n_done: int, n_total: int) -> None:
        lease.advance(claim, _Stage.EMBEDDING, _EMBED_FROM + (_EMBED_TO - _EMBED_FROM) * n_done // max(n_total, 1))

    indexer.entries_embed(claim.version_id, progress=progress)
