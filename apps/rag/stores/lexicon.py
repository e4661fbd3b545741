"""The curators' words as the table holds them. Synchronous; raises django.db.Error."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Max

from apps.rag.models import LexiconEntry
from apps.rag.understanding.lexicon_files import WordGroup


def curated_mark() -> tuple[int, int, datetime | None]:
    """Return what changes whenever the table does: rows, rows in use, and the last change."""
    rows = LexiconEntry.objects.aggregate(n=Count("pk"), last=Max("changed_at"))
    return rows["n"], LexiconEntry.objects.filter(is_active=True).count(), rows["last"]


def curated_groups() -> tuple[WordGroup, ...]:
    """Return the words in use, in alphabetical order."""
    rows = LexiconEntry.objects.filter(is_active=True).order_by("said")
    return tuple(WordGroup((row.said,), tuple(row.meant), row.register) for row in rows)
