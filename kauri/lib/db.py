"""The only way from async code to the database, and the scope of a reader's transaction."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, Protocol, TypeVar
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import IntegrityError, connection, connections, models, transaction
from django.db.models.sql import InsertQuery
from psycopg.rows import tuple_row

P = ParamSpec("P")
T = TypeVar("T")

# A bare sync_to_async puts every turn on one thread (50 turns of 5 queries of 20 ms took 5.1 s,
# against 0.65 s on 8 threads), and an unbounded pool would hold one connection a turn.
_executor = ThreadPoolExecutor(max_workers=settings.KAURI_DB_THREADS, thread_name_prefix="kauri-db")


class HasOrganisations(Protocol):
    """The part of a principal that row-level security needs."""

    @property
    def user_id(self) -> UUID | None: ...
    @property
    def organisation_ids(self) -> tuple[UUID, ...]: ...


async def run_db(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous function that uses the ORM on the bounded executor and await its result.

    The thread's connections go back to the pool whatever happens, so that a turn that then waits
    for a provider holds none.
    """
    context = contextvars.copy_context()
    call = functools.partial(context.run, _called, functools.partial(fn, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_executor, call)


def _called(fn: Callable[[], T]) -> T:
    try:
        return fn()
    finally:
        connections.close_all()


@contextmanager
def scoped(principal: HasOrganisations) -> Iterator[None]:
    """Open a transaction that PostgreSQL knows to be this principal's.

    `kauri.user_id` and `kauri.organisation_ids` are set for this transaction alone: a session SET
    would reach the pool's next borrower.
    """
    organisations = ",".join(str(organisation) for organisation in principal.organisation_ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('kauri.user_id', %s, true), set_config('kauri.organisation_ids', %s, true)",
            [str(principal.user_id or ""), organisations],
        )
        yield


def rows_of(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that every question waits for: by psycopg itself, in a third of the ORM's time.

    Values are bound on the server and the rows come in binary. In the caller's transaction, where there is one.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection, row_factory=tuple_row) as cursor:
        return cursor.execute(statement, values, binary=True).fetchall()


def insert_all(rows: Sequence[models.Model]) -> None:
    """Insert new rows of any tables in one statement; those of one table stand together in `rows`.

    For what every question saves: a round trip and the ORM's own work a table are most of what inserting costs. Checks
    hold as for single statements, but that they come at the end; what the database numbers is not read back. The rows
    do not see each other, so a policy or trigger that looks for one beside it would not find it. Raises IntegrityError.
    """
    if not rows:
        return
    connection.ensure_connection()
    written = psycopg.ClientCursor(connection.connection)
    parts: list[str] = []
    for model, some in itertools.groupby(rows, type):
        head, fields = _head(model)
        tuples: list[str] = []
        for row in some:
            bound = [_bound(field, row) for field in fields]
            values = list(itertools.chain.from_iterable(params for _, params in bound))
            # row by row: of a statement with more than 50 values psycopg remembers nothing, and reads it anew for 1 ms
            tuples.append(written.mogrify(f"({', '.join(sql for sql, _ in bound)})", values))
        parts.append(f"{head} {', '.join(tuples)}")
    before = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {before} {parts[-1]}" if before else parts[-1])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 - as after `save`


@functools.cache
def _head(model: type[models.Model]) -> tuple[str, Sequence[models.Field[Any, Any]]]:
    """Return the beginning of a table's INSERT, and its fields but the one that the database numbers."""
    meta = model._meta  # noqa: SLF001 - Django's own documented name
    fields = [field for field in meta.local_concrete_fields if field is not meta.auto_field]
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    return f"INSERT INTO {quoted(meta.db_table)} ({columns}) VALUES", fields


def _bound(field: models.Field[Any, Any], row: models.Model) -> tuple[str, Sequence[Any]]:
    """Return a field's place in a statement with its values, as Django's own INSERT has them."""
    value = field.pre_save(row, add=True)
    if hasattr(value, "resolve_expression"):
        compiler = InsertQuery(type(row)).get_compiler(connection=connection)
        sql, params = compiler.compile(compiler.prepare_value(field, value))
        return sql, params
    value = field.get_db_prep_save(value, connection)
    placeholder = getattr(field, "get_placeholder", None)
    return placeholder(value, None, connection) if placeholder else "%s", (value,)


def constraint_of(error: IntegrityError) -> str:
    """Return the name of the constraint that refused a row, "" where PostgreSQL names none."""
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""
