"""`manage.py up`, as Django's help lists it."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext_lazy as _

from kauri.launcher.options import arguments_add
from kauri.launcher.texts import BASE_DIR


class Command(BaseCommand):
    help = str(_("Run Kauri on this machine: stores, web and worker."))
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        arguments_add(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Start again through manage.py, which starts the servers before the settings are read."""
        os.chdir(BASE_DIR)
        os.execv(  # noqa: S606 - the same Python, no shell
            sys.executable, [sys.executable, "manage.py", "up", *sys.argv[2:]]
        )
