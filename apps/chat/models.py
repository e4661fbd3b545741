"""Conversations, messages, turns and citations."""

from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kauri.lib.ids import uuid7

ONE_LIVE = "turn_one_live"


class Conversation(models.Model):
    """One person's questions and answers; colleagues do not see it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="conversations")
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.SET_NULL, null=True, related_name="conversations"
    )
    title = models.CharField(_("title"), max_length=120)
    active_leaf = models.ForeignKey("chat.Message", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "chat_conversation"
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes: ClassVar = [
            models.Index(fields=["user", "-updated_at", "-id"], name="conversation_of_user"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    """A question or an answer. Its parent is the message it follows: answers to one question are branches.

    `as_of`, `scope` (namespaces, country, language), `mode`, `degraded`, `found` (what was retrieved, cited or
    not), `timings_ms` and `usage` of an answer say how it came about.
    """

    class Role(models.TextChoices):
        USER = "user", _("Question")
        ASSISTANT = "assistant", _("Answer")

    class Status(models.TextChoices):
        PENDING = "pending", _("in progress")
        COMPLETED = "completed", _("complete")
        CANCELLED = "cancelled", _("stopped")
        INTERRUPTED = "interrupted", _("interrupted")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    role = models.CharField(max_length=10, choices=Role)
    status = models.CharField(max_length=12, choices=Status, default=Status.COMPLETED)
    text = models.TextField(blank=True)
    as_of = models.DateField()
    scope = models.JSONField(default=dict)
    mode = models.CharField(max_length=12, blank=True)
    refusal_reason = models.CharField(max_length=40, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120, blank=True)
    degraded = ArrayField(models.CharField(max_length=60), default=list)
    found = models.JSONField(default=list)
    timings_ms = models.JSONField(default=dict)
    usage = models.JSONField(default=dict)
    # of an answer that was given again: when it was first given
    answered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "chat_message"
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes: ClassVar = [models.Index(fields=["conversation", "id"], name="message_of_conversation")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(role__in=["user", "assistant"]), name="message_role_known"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "completed", "cancelled", "interrupted", "failed"]),
                name="message_status_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"


class Turn(models.Model):
    """One run of the engine over a question; its id is the response id.

    A process owns it while `lease_until` lies ahead and writes only under its own `fence`. `log` holds every
    event as [seq, event, JSON text] once the turn has ended.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        COMPLETED = "completed", _("complete")
        CANCELLED = "cancelled", _("stopped")
        INTERRUPTED = "interrupted", _("interrupted")
        FAILED = "failed", _("failed")

    LIVE = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="turns")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    stop_requested = models.BooleanField(default=False)
    log = models.JSONField(default=list)
    error = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "chat_turn"
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(state__in=["queued", "running"]), name=ONE_LIVE
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "completed", "cancelled", "interrupted", "failed"]),
                name="turn_state_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["lease_until"], condition=Q(state__in=["queued", "running"]), name="turn_live"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        """Whether the turn has yet to end."""
        return self.state in self.LIVE


class Citation(models.Model):
    """A marker of an answer and the words that it rests on, kept as they were.

    Ids of the corpus are no foreign keys: a document may be removed while the answers that cited it stay.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    index = models.PositiveSmallIntegerField()
    start_index = models.PositiveIntegerField()
    end_index = models.PositiveIntegerField()
    document_id = models.UUIDField()
    version_id = models.UUIDField()
    passage_id = models.UUIDField(null=True)
    document_title = models.TextField()
    country = models.CharField(max_length=2, blank=True, db_default="", default="")
    kind = models.CharField(max_length=20, blank=True)
    locator = models.CharField(max_length=300)
    page = models.PositiveIntegerField(null=True)
    in_force_from = models.DateField(null=True)
    in_force_to = models.DateField(null=True)
    quote = models.TextField()
    quote_sha256 = models.CharField(max_length=64)
    quote_start = models.PositiveIntegerField()
    quote_end = models.PositiveIntegerField()

    class Meta:
        db_table = "chat_citation"
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        ordering: ClassVar = ["start_index", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "start_index"], name="citation_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["version_id"], name="citation_of_version")]

    def __str__(self) -> str:
        return f"[{self.index}] {self.locator}"

    @property
    def is_dated(self) -> bool:
        """Tell whether anything is known of when the cited text is in force."""
        return self.in_force_from is not None or self.in_force_to is not None

    def in_force_on(self, day: date) -> bool:
        """Tell whether the cited text was in force on `day`, as far as its dates are known."""
        starts = self.in_force_from is None or self.in_force_from <= day
        return starts and (self.in_force_to is None or day < self.in_force_to)
