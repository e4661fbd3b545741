"""The JSON of conversations and answers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.chat.models import Citation, Conversation, Message, Turn
from apps.chat.types import STREAM_PATH
from apps.knowledge.selectors import citation_url

RESPONSE_STATUS = {
    Turn.State.QUEUED: "queued",
    Turn.State.RUNNING: "in_progress",
    Turn.State.COMPLETED: "completed",
    Turn.State.CANCELLED: "incomplete",
    Turn.State.INTERRUPTED: "incomplete",
    Turn.State.FAILED: "failed",
}


class QuestionSerializer(serializers.Serializer[Any]):
    """A question. Its length and emptiness are judged by the service, whose sentences readers see."""

    question = serializers.CharField(allow_blank=True, trim_whitespace=False, help_text=_("1 to 4,000 characters."))
    conversation_id = serializers.UUIDField(required=False, allow_null=True)
    as_of = serializers.DateField(required=False, allow_null=True, help_text=_("The day whose law is meant: today."))
    country = serializers.RegexField(
        r"^[A-Za-z]{2}$",
        required=False,
        allow_blank=True,
        allow_null=True,
        error_messages={"invalid": _("Two capital letters are expected, like CG.")},
    )
    namespaces = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, allow_null=True, max_length=50
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse names that are not fields: a restriction that is misspelt must not widen a search."""
        unknown = {name: [_("There is no such field here.")] for name in self.initial_data if name not in self.fields}
        if unknown:
            raise serializers.ValidationError(unknown)
        return attrs


class AskedSerializer(serializers.Serializer[Any]):
    """A question that was taken and is being answered."""

    response_id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    message_id = serializers.UUIDField()
    stream_url = serializers.CharField()


class PeriodSerializer(serializers.Serializer[Any]):
    """When a text is in force: half open, null without bound; both null where no date is known."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateField(allow_null=True), "to": serializers.DateField(allow_null=True)}


class SourceSerializer(serializers.Serializer[Any]):
    """A passage that was found."""

    rank = serializers.IntegerField()
    document_id = serializers.UUIDField()
    version_id = serializers.UUIDField()
    passage_id = serializers.UUIDField(allow_null=True)
    document_title = serializers.CharField()
    country = serializers.CharField(allow_null=True, required=False)
    kind = serializers.CharField()
    locator = serializers.CharField()
    in_force = PeriodSerializer()
    page = serializers.IntegerField(allow_null=True)
    excerpt = serializers.CharField(required=False)
    url = serializers.CharField()


class CitationSerializer(serializers.ModelSerializer[Citation]):
    """A marker of an answer; indexes count Unicode code points."""

    type = serializers.SerializerMethodField()
    country = serializers.SerializerMethodField()
    in_force = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Citation
        fields = (
            "type",
            "index",
            "start_index",
            "end_index",
            "document_id",
            "version_id",
            "passage_id",
            "document_title",
            "country",
            "kind",
            "locator",
            "in_force",
            "page",
            "quote",
            "quote_start",
            "quote_end",
            "url",
        )

    @extend_schema_field(str)
    def get_type(self, citation: Citation) -> str:
        return "kauri_citation"

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_country(self, citation: Citation) -> str | None:
        return citation.country or None

    @extend_schema_field(PeriodSerializer)
    def get_in_force(self, citation: Citation) -> dict[str, Any]:
        return {"from": citation.in_force_from, "to": citation.in_force_to}

    @extend_schema_field(str)
    def get_url(self, citation: Citation) -> str:
        return citation_url(citation.version_id, citation.quote_start, citation.quote_end)


class AnswerSerializer(serializers.ModelSerializer[Turn]):
    """A turn as its client sees it, in whatever state."""

    response_id = serializers.UUIDField(source="id")
    conversation_id = serializers.UUIDField()
    message_id = serializers.UUIDField()
    status = serializers.SerializerMethodField()
    incomplete_reason = serializers.SerializerMethodField()
    text = serializers.CharField(source="message.text")
    citations = CitationSerializer(source="message.citations", many=True)
    found = serializers.ListField(source="message.found", child=SourceSerializer())
    mode = serializers.CharField(source="message.mode")
    refusal_reason = serializers.CharField(source="message.refusal_reason")
    degraded = serializers.ListField(source="message.degraded", child=serializers.CharField())
    answered_at = serializers.DateTimeField(source="message.answered_at", allow_null=True)
    as_of = serializers.DateField(source="message.as_of")
    usage = serializers.DictField(source="message.usage", child=serializers.IntegerField())
    timings_ms = serializers.DictField(source="message.timings_ms", child=serializers.FloatField())
    error = serializers.DictField()
    stream_url = serializers.SerializerMethodField()

    class Meta:
        model = Turn
        fields = (
            "response_id",
            "conversation_id",
            "message_id",
            "status",
            "incomplete_reason",
            "text",
            "citations",
            "found",
            "mode",
            "refusal_reason",
            "degraded",
            "answered_at",
            "as_of",
            "usage",
            "timings_ms",
            "error",
            "stream_url",
        )

    @extend_schema_field(serializers.ChoiceField(choices=sorted(set(RESPONSE_STATUS.values()))))
    def get_status(self, turn: Turn) -> str:
        return RESPONSE_STATUS[Turn.State(turn.state)]

    @extend_schema_field(serializers.ChoiceField(choices=["", "cancelled", "interrupted"]))
    def get_incomplete_reason(self, turn: Turn) -> str:
        return turn.state if self.get_status(turn) == "incomplete" else ""

    @extend_schema_field(str)
    def get_stream_url(self, turn: Turn) -> str:
        return f"{STREAM_PATH}?response_id={turn.pk}"


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    """A conversation in a list."""

    class Meta:
        model = Conversation
        fields = ("id", "title", "created_at", "updated_at")


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A question or an answer of the active branch."""

    citations = CitationSerializer(many=True)
    response_id = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = (
            "id",
            "parent_id",
            "role",
            "status",
            "text",
            "citations",
            "found",
            "mode",
            "refusal_reason",
            "degraded",
            "answered_at",
            "as_of",
            "scope",
            "created_at",
            "response_id",
        )

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_response_id(self, message: Message) -> str | None:
        turn = max(message.turns.all(), key=lambda turn: turn.pk, default=None)
        return str(turn.pk) if turn else None


class ConversationWithMessagesSerializer(ConversationSerializer):
    """A conversation with its active branch, the first question first."""

    messages = MessageSerializer(many=True)

    class Meta(ConversationSerializer.Meta):
        fields = (*ConversationSerializer.Meta.fields, "messages")  # type: ignore[assignment] # one more than its parent


class ProblemSerializer(serializers.Serializer[Any]):
    """An error, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    retryable = serializers.BooleanField()
