"""psycopg beneath Django's connection: statements that run for every question are prepared and read in binary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import psycopg
from django.db import connection
from psycopg.rows import tuple_row

from apps.rag.types import Scope


def raw_connection() -> psycopg.Connection[Any]:
    """Return this thread's connection as psycopg knows it."""
    connection.ensure_connection()
    return cast("psycopg.Connection[Any]", connection.connection)


def raw_cursor(raw: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Return a cursor that prepares; Django gives its connections a client-side one, which reads text only."""
    return psycopg.Cursor(raw, row_factory=tuple_row)


def scope_values(scope: Scope) -> Mapping[str, object]:
    """Return a scope as the parameters of the statements that carry its predicate."""
    return {
        "namespaces": list(scope.namespaces),
        "organisations": list(scope.organisation_ids),
        "country": scope.country,
        "as_of": scope.as_of,
    }
