"""Addresses under /v1/chat/; the stream's own is in apps.chat.routing."""

from django.urls import path

from apps.chat import api

app_name = "chat_api"
urlpatterns = [
    path("query", api.QueryView.as_view(), name="query"),
    path("stream", api.StreamView.as_view(), name="stream"),
    path("responses/<uuid:response_id>", api.AnswerView.as_view(), name="response"),
    path("responses/<uuid:response_id>/cancel", api.CancelView.as_view(), name="cancel"),
    path("responses/<uuid:response_id>/regenerate", api.RegenerateView.as_view(), name="regenerate"),
    path("conversations", api.ConversationsView.as_view(), name="conversations"),
    path("conversations/<uuid:conversation_id>", api.ConversationView.as_view(), name="conversation"),
]
