"""Roles, database, extension and privileges of an embedded cluster; every statement may run again."""

import psycopg
from psycopg import sql

DATABASE = "kauri"
PORT = "5432"  # names the socket only; always said, because PGPORT may be set for another server
OWNER = "kauri_owner"
APP = "kauri_app"
# Attributes are set each time: a cluster made by an earlier release gets what this one expects.
ROLE_ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOBYPASSRLS",
    APP: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS",
}


def is_ready(host: str) -> bool:
    """Tell whether the server behind this socket folder takes connections."""
    try:
        _connect(host, "postgres").close()
    except psycopg.Error:
        return False
    return True


def bootstrap(host: str) -> None:
    """Create what Kauri's migrations expect, as superuser.

    `template1` gets the extension and the privileges first, so the database `kauri` and every
    test database that `kauri_owner` creates are born with them.
    """
    with _connect(host, "postgres") as connection:
        for role, attributes in ROLE_ATTRIBUTES.items():
            _role_ensure(connection, role, attributes)
    _database_prepare(host, "template1")
    with _connect(host, "postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if not found:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
            connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
            connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}")
    _database_prepare(host, DATABASE)


def _connect(host: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=host, port=PORT, user="postgres", dbname=database, autocommit=True, connect_timeout=3)


def _role_ensure(connection: psycopg.Connection[tuple[object, ...]], role: str, attributes: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verb = "ALTER" if found else "CREATE"
    connection.execute(sql.SQL(f"{verb} ROLE {{}} {attributes}").format(sql.Identifier(role)))


def _database_prepare(host: str, database: str) -> None:
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT"
    statements = (
        "CREATE EXTENSION IF NOT EXISTS vector",
        "ALTER EXTENSION vector UPDATE",
        f"GRANT USAGE ON SCHEMA public TO {APP}",
        f"{defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}",
        f"{defaults} USAGE, SELECT, UPDATE ON SEQUENCES TO {APP}",
    )
    with _connect(host, database) as connection:
        connection.add_notice_handler(lambda _notice: None)  # "already exists, skipping" is no news
        for statement in statements:
            connection.execute(statement)
