"""Addresses of the pages."""

from django.urls import path

from apps.chat import views

app_name = "chat"
urlpatterns = [
    path("", views.start, name="start"),
    path("c/waiting/", views.waiting, name="waiting"),
    path("c/<uuid:conversation_id>/", views.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/messages/<uuid:message_id>/", views.message, name="message"),
    path("c/<uuid:conversation_id>/messages/<uuid:message_id>/stop/", views.stop, name="stop"),
    path("c/<uuid:conversation_id>/messages/<uuid:message_id>/again/", views.again, name="again"),
]
