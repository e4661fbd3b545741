"""manage.py kb_remove_samples: the samples out of the corpus."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext

from apps.knowledge import services


class Command(BaseCommand):
    help = "Delete every document of kind sample, with its passages, vectors and files."

    def handle(self, *args: Any, **options: Any) -> None:
        n_removed = services.samples_remove()
        sentence = ngettext("%(n)d sample removed.", "%(n)d samples removed.", n_removed) % {"n": n_removed}
        self.stdout.write(sentence)
