"""REST of conversations. The three shapes of an answer are framed by apps.chat.stream."""

from typing import Any
from uuid import UUID

from django.utils import translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.auth import principal_for_request
from apps.chat import selectors, services
from apps.chat.serializers import (
    AnswerSerializer,
    AskedSerializer,
    ConversationSerializer,
    ConversationWithMessagesSerializer,
    MessageSerializer,
    ProblemSerializer,
    QuestionSerializer,
)
from apps.chat.types import Asked
from kauri.lib.errors import Unavailable

# Tells the ASGI wrapper which turn a request has begun; it never leaves the process.
TURN_HEADER = "X-Kauri-Turn"

_KEY = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The same key and body: the same answer."
)
_PREFER = OpenApiParameter(
    "Prefer", OpenApiTypes.STR, OpenApiParameter.HEADER, description="`respond-async`: 202 with the stream's address."
)
_PROBLEM = {
    (status, "application/problem+json"): OpenApiResponse(ProblemSerializer, description=description)
    for status, description in ((401, "Not signed in"), (404, "Nothing there, or not yours"))
}
_CONFLICT = {
    (409, "application/problem+json"): OpenApiResponse(ProblemSerializer, description="An answer is being written"),
    (422, "application/problem+json"): OpenApiResponse(ProblemSerializer, description="Cannot be used as it is"),
}


def _taken(asked: Asked) -> Response:
    response = Response(AskedSerializer(asked).data, status=202)
    response[TURN_HEADER] = str(asked.response_id)
    response["Location"] = f"/v1/chat/responses/{asked.response_id}"
    return response


class QueryView(APIView):
    """Ask a question."""

    @extend_schema(
        operation_id="chat_query",
        request=QuestionSerializer,
        parameters=[_KEY, _PREFER],
        responses={
            (200, "application/json"): AnswerSerializer,
            (200, "text/event-stream"): OpenApiTypes.STR,
            202: AskedSerializer,
            **_PROBLEM,
            **_CONFLICT,
        },
    )
    def post(self, request: Request) -> Response:
        """Ask: waits for the JSON, streams with `Accept: text/event-stream`, or returns 202 as preferred."""
        question = QuestionSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        fields: dict[str, Any] = question.validated_data
        asked = services.question_ask(
            principal=principal_for_request(request),
            text=fields["question"],
            conversation_id=fields.get("conversation_id"),
            namespaces=fields.get("namespaces"),
            as_of=fields.get("as_of"),
            country=(fields.get("country") or "").upper() or None,
            language=translation.get_language() or "fr",
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        return _taken(asked)


class AnswerView(APIView):
    """An answer, finished or not."""

    @extend_schema(operation_id="chat_response", responses={200: AnswerSerializer, **_PROBLEM})
    def get(self, request: Request, response_id: UUID) -> Response:
        """Return an answer as it stands; its text comes whole once it has ended."""
        return Response(AnswerSerializer(selectors.turn_get(principal_for_request(request), response_id)).data)


class StreamView(APIView):
    """The place of the stream in the description; apps.chat.stream answers it before Django."""

    @extend_schema(
        operation_id="chat_stream",
        parameters=[
            OpenApiParameter("response_id", OpenApiTypes.UUID, required=True),
            OpenApiParameter("last_event_id", str, description="Where no header can be sent."),
            OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER, description="Go on after this event."),
        ],
        responses={(200, "text/event-stream"): OpenApiTypes.STR, 204: None, **_PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """Read the events of an answer as they come, from any point."""
        # Reached only under a server that is not ours, WSGI for one.
        raise Unavailable


class CancelView(APIView):
    """Stop an answer."""

    @extend_schema(operation_id="chat_cancel", request=None, responses={202: AnswerSerializer, **_PROBLEM, **_CONFLICT})
    def post(self, request: Request, response_id: UUID) -> Response:
        """Ask that an answer stop; the stream tells when it has."""
        principal = principal_for_request(request)
        services.turn_stop(principal=principal, response_id=response_id)
        return Response(AnswerSerializer(selectors.turn_get(principal, response_id)).data, status=202)


class RegenerateView(APIView):
    """Answer again."""

    @extend_schema(
        operation_id="chat_regenerate",
        request=None,
        parameters=[_KEY],
        responses={202: AskedSerializer, **_PROBLEM, **_CONFLICT},
    )
    def post(self, request: Request, response_id: UUID) -> Response:
        """Answer the same question once more, as a branch."""
        asked = services.answer_regenerate(
            principal=principal_for_request(request),
            response_id=response_id,
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        response = _taken(asked)
        del response[TURN_HEADER]
        return response


class _LatestFirst(CursorPagination):
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = ("-updated_at", "-id")


class ConversationsView(APIView):
    """A person's conversations."""

    @extend_schema(
        operation_id="chat_conversations",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses={200: ConversationSerializer(many=True), **_PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """List one's conversations, the one used last first, by cursor."""
        paginator = _LatestFirst()
        rows = paginator.paginate_queryset(
            selectors.conversations_of(principal_for_request(request)), request, view=self
        )
        return paginator.get_paginated_response(ConversationSerializer(rows, many=True).data)


class ConversationView(APIView):
    """One conversation."""

    @extend_schema(operation_id="chat_conversation", responses={200: ConversationWithMessagesSerializer, **_PROBLEM})
    def get(self, request: Request, conversation_id: UUID) -> Response:
        """Return a conversation with the messages of its active branch."""
        principal = principal_for_request(request)
        conversation = selectors.conversation_get(principal, conversation_id)
        messages = selectors.message_list(principal, conversation_id)
        head = ConversationSerializer(conversation).data
        return Response({**head, "messages": MessageSerializer(messages, many=True).data})
