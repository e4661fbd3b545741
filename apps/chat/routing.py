"""The routes that are served before Django's own handler."""

from typing import TYPE_CHECKING

from django.urls import URLPattern, re_path

from apps.chat.stream import query, stream

if TYPE_CHECKING:
    from apps.chat.stream import ASGIApp


def chat_http_routes(django_application: "ASGIApp") -> list[URLPattern]:
    """Return the routes for Channels' URLRouter; what Django must answer goes to `django_application`."""
    return [
        re_path(r"^v1/chat/stream$", stream),  # type: ignore[arg-type] # an ASGI function, not a view
        re_path(r"^v1/chat/query$", query(django_application)),  # type: ignore[arg-type] # the same
    ]
