"""One sentence for every command that finds no database."""

import os

import psycopg
from psycopg_pool import PoolTimeout

from kauri.launcher.texts import _


def unreachable_sentence(error: BaseException | None) -> str | None:
    """Return what to tell a person about an error that means "no connection", None for any other."""
    while error is not None:
        # An error that the server itself sent has an SQLSTATE: somebody answered.
        if isinstance(error, PoolTimeout) or (isinstance(error, psycopg.OperationalError) and error.sqlstate is None):
            if os.environ.get("DATABASE_URL"):
                return _("The database of DATABASE_URL cannot be reached.")
            return _("Kauri is not running: make run")
        error = error.__cause__ or error.__context__
    return None
