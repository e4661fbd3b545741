"""What `up` asks of Django before it serves: tables, namespaces, the first accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command
from psycopg import sql

from kauri.launcher.errors import LaunchError, gettext_noop

CURATOR_EMAIL = "curateur@kauri.example"
USER_EMAIL = "demo@kauri.example"
PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the first start, with the password that is shown once and kept nowhere."""

    name: str
    email: str
    password: str


def database_prepare(*, app_url: str, owner_url: str) -> None:
    """Bring the tables up to the code and seed the namespaces.

    The process must have been started with KAURI_DB_ROLE=owner. Raises LaunchError where a given
    database lacks what only its superuser can create.
    """
    _extension_check(owner_url)
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    _app_allow(app_url, owner_url)
    from apps.knowledge import services  # noqa: PLC0415 - models need django.setup()

    services.namespaces_seed()


def is_unused() -> bool:
    """Tell whether nobody has an account yet."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up only now

    return not get_user_model().objects.exists()


def samples_announce(manifest: Path) -> None:
    """Say that the samples of a manifest are about to be imported: who asks before they are there is told so."""
    from apps.knowledge.announced import announce  # noqa: PLC0415 - Django is set up only now

    announce(sum(1 for line in manifest.read_text("utf-8").splitlines() if line.strip()))


def demo_accounts_create(password_make: Callable[[int], str]) -> tuple[DemoAccount, ...]:
    """Create a curator and a user, both or neither; return them with their passwords."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up only now
    from django.utils.translation import gettext as _  # noqa: PLC0415 - Django is set up only now

    from apps.accounts.services import user_create  # noqa: PLC0415 - Django is set up only now

    accounts = (
        DemoAccount(_("Demo curator"), CURATOR_EMAIL, password_make(PASSWORD_BYTES)),
        DemoAccount(_("Demo user"), USER_EMAIL, password_make(PASSWORD_BYTES)),
    )
    with transaction.atomic():
        for account in accounts:
            is_curator = account.email == CURATOR_EMAIL
            user_create(email=account.email, password=account.password, name=account.name, is_curator=is_curator)
    return accounts


def _extension_check(owner_url: str) -> None:
    try:
        with psycopg.connect(owner_url, connect_timeout=5, autocommit=True) as connection:
            connection.add_notice_handler(lambda _notice: None)
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.errors.InsufficientPrivilege as error:
        raise LaunchError(
            gettext_noop("The database lacks the extension vector: run CREATE EXTENSION vector in it as its superuser.")
        ) from error
    except psycopg.errors.Error as error:
        raise LaunchError(
            gettext_noop("The database of DATABASE_URL cannot be used: %(reason)s"),
            reason=str(error).strip().splitlines()[0],
        ) from error


def _app_allow(app_url: str, owner_url: str) -> None:
    # A given database has no default privileges of ours: the role that serves gets its rights here.
    app, owner = urlsplit(app_url).username, urlsplit(owner_url).username
    if not app or app == owner:
        return
    rights = (
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}",
        "GRANT EXECUTE ON FUNCTION rag_hnsw_create(bigint, integer), rag_hnsw_drop(bigint) TO {}",
    )
    with psycopg.connect(owner_url, connect_timeout=5) as connection:
        for right in rights:
            connection.execute(sql.SQL(right).format(sql.Identifier(app)))
