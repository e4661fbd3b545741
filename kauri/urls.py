"""Every address of Kauri; each process knows them all, the gate of kauri.asgi says which it serves."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

# One login page, one lock-out: the back office has none of its own.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign] # allauth documents it so

urlpatterns = [
    path("", include("apps.chat.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("apps.knowledge.urls")),
    path("v1/chat/", include("apps.chat.api_urls")),
    path("v1/", include("kauri.operations_urls")),
]
