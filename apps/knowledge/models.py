"""The corpus as rows: this is the truth, every index is derived from it."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kauri.lib.ids import uuid7
from kauri.lib.text import fold


def always() -> "DateRange[date]":
    """Return the period without bounds: in force since and until nobody knows when."""
    return DateRange(None, None)


class Namespace(models.Model):
    """A collection of the corpus. Its slug is its identity everywhere, in the engine too."""

    slug = models.SlugField(_("slug"), max_length=60, primary_key=True)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering: ClassVar = ["position", "slug"]

    def __str__(self) -> str:
        return self.title


class Document(models.Model):
    """A text through all its versions. Without an organisation it belongs to the shared base."""

    class Kind(models.TextChoices):
        LAW = "law", _("Law")
        CASE_LAW = "case_law", _("Case law")
        DOCTRINE = "doctrine", _("Doctrine")
        CHART = "chart", _("Chart of accounts")
        GUIDE = "guide", _("Guide")
        SAMPLE = "sample", _("Sample")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    namespace = models.ForeignKey(Namespace, models.PROTECT, related_name="documents", verbose_name=_("collection"))
    organisation = models.ForeignKey(
        "accounts.Organisation", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("organisation")
    )
    title = models.CharField(_("title"), max_length=400)
    # The embedded PostgreSQL has neither ICU nor unaccent: search and sorting use this column.
    title_folded = models.CharField(max_length=800, editable=False)
    author = models.CharField(_("author"), max_length=200, blank=True)
    code = models.CharField(_("short code"), max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    country = models.CharField(_("country"), max_length=2, blank=True)
    plan = models.CharField(_("chart plan"), max_length=40, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering: ClassVar = ["title_folded"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["namespace", "organisation", "country", "code"],
                condition=~Q(code="") & ~Q(kind="sample"),
                nulls_distinct=False,
                name="document_one_per_code",
            ),
            models.UniqueConstraint(
                fields=["namespace", "organisation", "country", "code"],
                condition=~Q(code="") & Q(kind="sample"),
                nulls_distinct=False,
                name="document_one_sample_per_code",
            ),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"), name="document_country_is_iso"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the folded title in step with the title."""
        self.title_folded = fold(self.title)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own positional and keyword options


class DocumentVersion(models.Model):
    """One file of a document. Its text never changes once read; triggers of the database see to it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.ForeignKey(Document, models.CASCADE, related_name="versions", verbose_name=_("document"))
    number = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=400)
    file = models.FileField(_("file"), max_length=200)
    file_name = models.CharField(_("name of the file"), max_length=255)
    byte_count = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, db_index=True)
    # Hash of collection, organisation, country, code and file: the same file is added once.
    dedupe_key = models.CharField(max_length=64, editable=False)
    format = models.CharField(_("format"), max_length=20, blank=True)
    page_count = models.PositiveIntegerField(_("pages"), null=True)
    plain_text = models.TextField(blank=True)
    outline = models.JSONField(default=list)
    in_force = DateRangeField(_("in force"), default=always)
    parser_revision = models.PositiveIntegerField(null=True)
    chunker_revision = models.PositiveIntegerField(null=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    published_at = models.DateTimeField(_("published"), null=True)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering: ClassVar = ["document", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "number"], name="version_number_once"),
            models.UniqueConstraint(fields=["dedupe_key"], condition=~Q(state="withdrawn"), name="version_file_once"),
            models.CheckConstraint(condition=~Q(in_force__isempty=True), name="version_in_force_some_day"),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(chunker_revision__isnull=False), name="version_published_is_read"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    @property
    def stored_name(self) -> str:
        """Return the name of the version's file in the storage."""
        return str(self.file.name)

    @property
    def is_read(self) -> bool:
        """Tell whether text and passages are saved; they are saved in one transaction."""
        return self.chunker_revision is not None


class Passage(models.Model):
    """A cut of a version's text: `plain_text[span_start:span_end] == text`, in code points.

    A curator's edit and a hide are overlays; what was read from the file stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(DocumentVersion, models.CASCADE, related_name="passages", verbose_name=_("version"))
    ordinal = models.PositiveIntegerField(_("position"))
    text = models.TextField(_("text as read"))
    search_text = models.TextField()
    locator = models.TextField(_("locator"), blank=True)
    heading_path = ArrayField(models.TextField(), default=list, verbose_name=_("headings"))
    page = models.PositiveIntegerField(_("page"), null=True)
    span_start = models.PositiveIntegerField()
    span_end = models.PositiveIntegerField()
    token_count = models.PositiveIntegerField(_("tokens"))
    references = ArrayField(models.TextField(), default=list, db_column="reference_keys")
    plan = models.CharField(max_length=40, blank=True)
    in_force = DateRangeField(_("in force"), null=True, blank=True)
    edited_text = models.TextField(_("text as corrected"), blank=True)
    is_hidden = models.BooleanField(_("hidden"), default=False)

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")
        ordering: ClassVar = ["version", "ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "ordinal"], name="passage_ordinal_once"),
            models.UniqueConstraint(fields=["version", "span_start"], name="passage_span_once"),
            models.CheckConstraint(condition=Q(span_end__gt=F("span_start")), name="passage_span_not_empty"),
        ]

    def __str__(self) -> str:
        return self.locator or f"{self.ordinal}"

    @property
    def current_text(self) -> str:
        """Return the text that readers and search see."""
        return self.edited_text or self.text


class Account(models.Model):
    """An account of a chart, as one version of the chart gives it."""

    version = models.ForeignKey(DocumentVersion, models.CASCADE, related_name="accounts")
    plan = models.CharField(_("chart plan"), max_length=40)
    number = models.CharField(_("number"), max_length=12)
    label = models.TextField(_("label"))
    account_class = models.PositiveSmallIntegerField(_("class"))
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    in_force = DateRangeField(_("in force"), default=always)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering: ClassVar = ["plan", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "plan", "number"], name="account_number_once"),
            models.CheckConstraint(condition=Q(account_class__range=(1, 9)), name="account_class_1_to_9"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"


class IngestionJob(models.Model):
    """The ledger of imports: this row is the truth, the queue only a hint.

    Whoever works on it holds `fence`; `lease_until` in the past means that anybody may take it over.
    While it waits, `lease_until` is the earliest moment of the next attempt.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    class Stage(models.TextChoices):
        STORED = "stored", _("Received")
        PARSING = "parsing", _("Reading")
        CHUNKING = "chunking", _("Cutting")
        SAVING = "saving", _("Saving passages")
        STAGING = "staging", _("Preparing the index")
        EMBEDDING = "embedding", _("Computing vectors")
        PUBLISHING = "publishing", _("Publishing")
        READY = "ready", _("Ready")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(DocumentVersion, models.CASCADE, related_name="jobs", verbose_name=_("version"))
    is_publishing = models.BooleanField(_("publish when ready"), default=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage, default=Stage.STORED)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    failure_count = models.PositiveIntegerField(_("failures in a row"), default=0)
    owner = models.CharField(_("worker"), max_length=200, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True)
    hinted_at = models.DateTimeField(null=True)
    reason_code = models.CharField(_("reason"), max_length=60, blank=True)
    # The sentence in each language of the interface: {"fr": …, "en": …}.
    reason = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(state__in=["waiting", "running"]), name="job_one_open_per_version"
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_to_100"),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(reason_code=""), name="job_failed_has_reason"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["lease_until"], condition=Q(state__in=["waiting", "running"]), name="job_open"),
        ]

    def __str__(self) -> str:
        return str(self.version)

    @property
    def sentence(self) -> str:
        """Return why the job failed, or is tried again, in the reader's language; empty without a reason."""
        language = (get_language() or settings.LANGUAGE_CODE).split("-")[0]
        return str(self.reason.get(language) or self.reason.get(settings.LANGUAGE_CODE) or self.reason_code)
