"""Every address of Kauri; each process knows them all, the gate of kauri.asgi says which it serves."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("apps.chat.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("apps.knowledge.urls")),
    path("v1/chat/", include("apps.chat.api_urls")),
    path("v1/", include("kauri.operations_urls")),
]
