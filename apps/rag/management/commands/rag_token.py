"""manage.py rag_token: a signed scope for a program that asks the engine itself."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from apps.rag.grants import Grant, grant_sign
from apps.rag.stores.postgres import namespaces_indexed

_MAX_HOURS = 24 * 366


class Command(BaseCommand):
    """Sign what a program may search."""

    help = (
        "Print a token for /v1/rag (Authorization: Bearer …) and gRPC (metadata authorization). It cannot be taken back"
        " before it expires, but by another KAURI_RAG_SECRET."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--namespace", action="append", default=[], help="may be repeated; default: all")
        parser.add_argument("--organisation", action="append", default=[], type=UUID, help="may be repeated")
        parser.add_argument("--hours", type=float, default=1.0, help="how long it holds; default: 1")
        parser.add_argument("--subject", default="", help="a name for the program, for the logs")

    def handle(self, *_args: Any, namespace: list[str], organisation: list[UUID], **options: Any) -> None:
        """Print the token."""
        if not 0 < options["hours"] <= _MAX_HOURS:
            raise CommandError(f"--hours: expected more than 0 and at most {_MAX_HOURS}.")
        grant = Grant(tuple(namespace) or namespaces_indexed(), tuple(organisation), options["subject"])
        self.stdout.write(grant_sign(grant, ttl_s=options["hours"] * 3600))
