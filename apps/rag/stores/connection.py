"""psycopg beneath Django's connection: what statements that run for every question bring is read in binary.

They are not prepared: a plan for any scope and any list of candidates alike took twice as long as planning each.
"""

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
    """Return a cursor that binds on the server; Django's own binds on the client, and reads text only."""
    return psycopg.Cursor(raw, row_factory=tuple_row)


def scope_values(scope: Scope) -> Mapping[str, object]:
    """Return a scope as the parameters of the statements that carry its predicate."""
    return {
        "namespaces": list(scope.namespaces),
        "organisations": list(scope.organisation_ids),
        "country": scope.country,
        "as_of": scope.as_of,
    }
