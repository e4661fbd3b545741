"""Every address of Kauri; each process knows them all, the gate of kauri.asgi says which it serves."""

from django.contrib import admin
from django.urls import include, path

from apps.accounts.views import language_choose

urlpatterns = [
    path("", include("apps.chat.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("language/", language_choose, name="set_language"),
    path("admin/", admin.site.urls),
    path("", include("apps.knowledge.urls")),
    path("v1/chat/", include("apps.chat.api_urls")),
    path("v1/", include("kauri.operations_urls")),
]
