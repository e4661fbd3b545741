"""Every address of Kauri; each process knows them all, the gate of kauri.asgi says which it serves."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from apps.accounts.auth import principal_for_request
from apps.accounts.views import language_choose
from apps.knowledge.selectors import scope_for
from apps.rag.api import build_api
from apps.rag.grants import Grant


def grant_of(request: HttpRequest) -> Grant | None:
    """Return what the person of a session may search; None for a visitor."""
    principal = principal_for_request(request)
    if principal.is_anonymous:
        return None
    scope = scope_for(principal)
    return Grant(scope.namespaces, scope.organisation_ids, str(principal.user_id))


_rag_docs = SpectacularSwaggerSplitView.as_view(
    url="/v1/rag/openapi.json", title="Kauri", template_name="kauri/api_docs.html"
)

handler500 = "kauri.problems.server_error"

urlpatterns = [
    path("", include("apps.chat.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("language/", language_choose, name="set_language"),
    path("admin/", admin.site.urls),
    path("", include("apps.knowledge.urls")),
    path("v1/chat/", include("apps.chat.api_urls")),
    path("v1/rag/docs", _rag_docs, name="rag-docs"),
    path("v1/rag/", build_api(scope_of=grant_of).urls),
    path("v1/", include("kauri.operations_urls")),
]
