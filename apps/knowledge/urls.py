"""Addresses of the corpus's pages."""

from django.urls import path

from apps.knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("texts/<uuid:version_id>/", views.reader, name="reader"),
]
