"""Addresses for operators and for those who program against Kauri."""

from django.urls import path
from django_prometheus.exports import ExportToDjangoView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from kauri import health, openapi  # noqa: F401 - openapi registers itself

urlpatterns = [
    path("health", health.ready, name="health"),
    path("health/ready", health.ready, name="health-ready"),
    path("health/live", health.live, name="health-live"),
    path("metrics", ExportToDjangoView, name="metrics"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="kauri/api_docs.html"),
        name="docs",
    ),
]
