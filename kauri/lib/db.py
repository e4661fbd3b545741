"""The only way from async code to the database, and the scope of a reader's transaction."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, Protocol, TypeVar
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection, connections, transaction
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
