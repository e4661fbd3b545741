"""The corpus: namespaces, documents, versions, passages, and how they get in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KnowledgeConfig(AppConfig):
    name = "apps.knowledge"
    label = "knowledge"
    verbose_name = _("Corpus")
    default_auto_field = "django.db.models.BigAutoField"
