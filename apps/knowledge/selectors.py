"""Reads of the corpus; what a principal may not see is not there."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from apps.accounts.types import Principal
from apps.knowledge import access, heartbeat, reader
from apps.knowledge.announced import announced
from apps.knowledge.errors import UnknownNamespace
from apps.knowledge.models import Document, DocumentVersion, IngestionJob, Namespace, Passage
from apps.knowledge.periods import is_some_day, period_of
from apps.knowledge.reader import citation_url
from apps.knowledge.types import ReaderPassage, ReaderVersion, ReaderWindow
from apps.rag.types import Arriving, Scope, Span
from kauri.lib import clock
from kauri.lib.countries import country_label
from kauri.lib.db import rows_of, scoped
from kauri.lib.errors import NotFound

__all__ = [
    "citation_url",
    "document_get",
    "job_get",
    "namespace_list",
    "reader_window",
    "scope_for",
    "sources_published",
    "texts_arriving",
]

_NAMESPACES = "SELECT slug FROM knowledge_namespace ORDER BY position, slug"
_OPEN = (IngestionJob.State.WAITING, IngestionJob.State.RUNNING)
# of an import that a command runs itself, or that a worker finds which starts
_TAKEN_UP_WITHIN = timedelta(minutes=3)
_NEIGHBOURS = 2
_MAX_POSITION = 2**31 - 1


def namespace_list() -> tuple[Namespace, ...]:
    """Return the collections in the order in which people read them."""
    return tuple(Namespace.objects.all())


def scope_for(
    principal: Principal,
    *,
    namespaces: Sequence[str] | None = None,
    as_of: date | None = None,
    country: str | None = None,
) -> Scope:
    """Return what a question of this principal may read; all collections and today by default.

    Raises UnknownNamespace.
    """
    known = tuple(slug for (slug,) in rows_of(_NAMESPACES, {}))
    wanted = known if namespaces is None else tuple(dict.fromkeys(namespaces))
    if not set(wanted) <= set(known):
        raise UnknownNamespace
    return Scope(
        namespaces=wanted,
        organisation_ids=principal.organisation_ids,
        as_of=as_of or clock.today(),
        country=country or None,
    )


def texts_arriving(scope: Scope) -> Arriving:
    """Return how many documents of a scope are being imported to be published, and how many others are published.

    Those that are announced for the shared base count, in whatever collection they will be.

    What failed and waits for its next attempt is left out, and what nobody works on: nobody knows whether it will come.
    """
    countries = ["", scope.country] if scope.country else None
    with scoped(Principal(organisation_ids=scope.organisation_ids)):
        documents = access.shared_or_of(scope.organisation_ids).filter(namespace__slug__in=scope.namespaces)
        documents = documents.filter(country__in=countries) if countries else documents
        # most refusals come when nothing is imported, and end with this
        jobs = IngestionJob.objects.filter(state__in=_OPEN, is_publishing=True, version__document__in=documents)
        jobs = jobs.exclude(state=IngestionJob.State.WAITING, failure_count__gt=0)
        if not heartbeat.is_worker_alive():
            jobs = jobs.exclude(_is_left_alone())
        coming = set(jobs.values_list("version__document_id", flat=True))
        n_coming = len(coming) + _n_announced_still()
        if not n_coming:
            return Arriving(0, 0)
        there = documents.filter(state=Document.State.PUBLISHED).exclude(pk__in=coming)
        return Arriving(n_coming, there.count())


def _is_left_alone() -> Q:
    """Tell the open jobs that nobody takes up while no worker lives: they wait for long, or their worker is gone."""
    waits = Q(state=IngestionJob.State.WAITING, created_at__lt=clock.now() - _TAKEN_UP_WITHIN)
    return waits | Q(state=IngestionJob.State.RUNNING, lease_until__lt=clock.now())


def _n_announced_still() -> int:
    """Return how many announced texts have not entered the ledger since they were."""
    known = announced()
    if known is None:
        return 0
    entered = IngestionJob.objects.filter(version__document__organisation=None, created_at__gt=known.at)
    return max(known.n_texts - entered.count(), 0)


def sources_published(*, samples: Collection[str], codes: Collection[str]) -> frozenset[str]:
    """Return which of these samples, by title, and acts, by code, the shared base holds in force today."""
    in_force = DocumentVersion.objects.filter(
        document=OuterRef("pk"), state=DocumentVersion.State.PUBLISHED, in_force__contains=clock.today()
    )
    named = Q(kind=Document.Kind.SAMPLE, title__in=samples) | Q(kind=Document.Kind.LAW, code__in=codes)
    found = Document.objects.filter(named, Exists(in_force), organisation=None).values_list("kind", "title", "code")
    return frozenset(title if kind == Document.Kind.SAMPLE else code for kind, title, code in found)


def document_get(principal: Principal, document_id: UUID) -> Document:
    """Return a document that this principal may manage. Raises NotFound."""
    with scoped(principal):
        document = access.managed(principal).filter(pk=document_id).first()
    if document is None:
        raise NotFound
    return document


def job_get(principal: Principal, job_id: UUID) -> IngestionJob:
    """Return an import that this principal may manage, with version and document. Raises NotFound."""
    with scoped(principal):
        jobs = IngestionJob.objects.select_related("version__document").defer("version__plain_text")
        job = jobs.filter(pk=job_id, version__document__in=access.managed(principal)).first()
    if job is None:
        raise NotFound
    return job


def reader_window(principal: Principal, version_id: UUID, start: int, end: int) -> ReaderWindow:
    """Return the passages around a span of a version's text, in code points.

    A position beyond the text shows its nearest passage. Raises NotFound for what is not there or
    not this principal's to read; drafts are only for those who manage the document.
    """
    span = Span(min(max(start, 0), _MAX_POSITION), min(max(end, 0), _MAX_POSITION))
    with scoped(principal):
        version = _readable_version(principal, version_id)
        passages = _passages_around(version, span)
        n_passages = version.passages.filter(is_hidden=False).count()
        versions = _versions_shown(principal, version)
    return _window(version, passages, n_passages, versions)


def _readable_version(principal: Principal, version_id: UUID) -> DocumentVersion:
    versions = DocumentVersion.objects.select_related("document__namespace").defer("plain_text")
    version = versions.filter(_may_read(principal), pk=version_id, chunker_revision__isnull=False).first()
    if version is None:
        raise NotFound
    return version


def _may_read(principal: Principal) -> Q:
    published = Q(document__in=access.readable(principal)) & ~Q(state=DocumentVersion.State.DRAFT)
    return published | Q(document__in=access.managed(principal))


def _passages_around(version: DocumentVersion, span: Span) -> tuple[ReaderPassage, ...]:
    shown = Passage.objects.filter(version=version, is_hidden=False).defer("search_text")
    target = shown.filter(span_end__gt=span.start).order_by("ordinal").first() or shown.order_by("-ordinal").first()
    if target is None:
        raise NotFound
    targeted = shown.filter(Q(pk=target.pk) | Q(span_start__gte=span.start, span_start__lt=span.end))
    last = targeted.order_by("ordinal").last() or target
    before = list(shown.filter(ordinal__lt=target.ordinal).order_by("-ordinal")[:_NEIGHBOURS])
    within = list(shown.filter(ordinal__range=(target.ordinal, last.ordinal)).order_by("ordinal"))
    after = list(shown.filter(ordinal__gt=last.ordinal).order_by("ordinal")[:_NEIGHBOURS])
    code, period = version.document.code, period_of(version.in_force)
    return tuple(
        reader.passage_shown(passage, code=code, version=period, span=span, is_target=passage in within)
        for passage in [*reversed(before), *within, *after]
    )


def _versions_shown(principal: Principal, current: DocumentVersion) -> tuple[ReaderVersion, ...]:
    versions = DocumentVersion.objects.filter(
        _may_read(principal), document=current.document_id, chunker_revision__isnull=False
    )
    today = clock.today()
    return tuple(
        reader.version_shown(version, today, is_current=version.pk == current.pk)
        for version in versions.defer("plain_text").order_by("-number")
    )


def _window(
    version: DocumentVersion,
    passages: tuple[ReaderPassage, ...],
    n_passages: int,
    versions: tuple[ReaderVersion, ...],
) -> ReaderWindow:
    document = version.document
    targets = [passage for passage in passages if passage.is_target]
    # a passage that is in force on no day is shown with its version's
    period = targets[0].in_force if is_some_day(targets[0].in_force) else period_of(version.in_force)
    before = [passage for passage in passages if passage.ordinal < targets[0].ordinal]
    after = [passage for passage in passages if passage.ordinal > targets[-1].ordinal]
    return ReaderWindow(
        document_id=document.pk,
        version_id=version.pk,
        title=version.title,
        code=document.code,
        namespace_title=document.namespace.title,
        kind=document.kind,
        country_title=country_label(document.country) if document.country else "",
        is_sample=document.kind == Document.Kind.SAMPLE,
        is_shared=document.organisation_id is None,
        version_number=version.number,
        standing=reader.standing_of(version, period, clock.today()),
        in_force_start=period.start,
        in_force_last_day=reader.last_day(period.end),
        reference=targets[0].locator,
        target_ordinal=targets[0].ordinal,
        passages=passages,
        n_passages=n_passages,
        outline=reader.outline_near(
            [(title, level, start) for title, level, start in version.outline], targets[0].start, version.pk
        ),
        versions=versions,
        previous_url=before[-1].url if before else "",
        next_url=after[0].url if after else "",
    )
