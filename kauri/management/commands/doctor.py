"""`manage.py doctor`: every dependency, and what to do about each problem."""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kauri.management import engine_checks, machine_checks, store_checks
from kauri.management.findings import Check, Finding
from kauri.management.provider_checks import providers

CHECKS: tuple[Check, ...] = (
    machine_checks.python,
    machine_checks.packages,
    machine_checks.folder,
    machine_checks.disk_space,
    machine_checks.clusters,
    store_checks.postgresql,
    store_checks.pgvector,
    store_checks.vectors,
    store_checks.outside_vectors,
    store_checks.roles,
    store_checks.migrations,
    store_checks.valkey_state,
    store_checks.valkey_cache,
    store_checks.web,
    engine_checks.engine,
    store_checks.worker,
    store_checks.search_index,
    machine_checks.embedder,
    machine_checks.reranker,
    machine_checks.mail,
    machine_checks.catalogues,
)
_MARKS = {"ok": ("✓", "green"), "note": ("–", "yellow"), "missing": ("✗", "red")}


class Command(BaseCommand):
    help = "Show every dependency: version, reachable, and what to do; exit status 1 where something needed is missing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("machine-readable"))
        parser.add_argument("--probe", action="store_true", help=_("also ask each configured model provider"))

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable()  # the table says it, in words
        found = (check() for check in CHECKS)
        findings = [*(finding for finding in found if finding), *providers(is_probed=options["probe"])]
        is_well = all(finding.state != "missing" for finding in findings)
        if options["json"]:
            answer = {"ok": is_well, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            self._table(findings)
        if not is_well:
            sys.exit(1)

    def _table(self, findings: Sequence[Finding]) -> None:
        table = Table(box=None, pad_edge=False, show_header=False)
        for finding in findings:
            mark, colour = _MARKS[finding.state]
            text = Text(finding.found, overflow="fold")
            if finding.advice:
                text.append(f"\n{finding.advice}", style=colour)
            table.add_row(Text(mark, style=colour), finding.name, text)
        Console(file=sys.stdout).print(table)
