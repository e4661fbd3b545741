"""Brings the message catalogues up to date."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Extract every message, keep the translations, compile; with --check, only say what is wrong."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        # Babel is a tool of development: production has no need of it.
        from kauri.lib import catalogues  # noqa: PLC0415 - see the line above

        for locale in () if options["check"] else catalogues.LOCALES:
            catalogues.write(locale, catalogues.updated(locale))
        found = [problem for locale in catalogues.LOCALES for problem in catalogues.problems(locale)]
        for problem in found:
            self.stdout.write(problem)
        if found:
            raise CommandError(f"{len(found)} messages to mend.")
