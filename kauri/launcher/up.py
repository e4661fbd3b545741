"""`manage.py up`: everything on one machine, kept running until it is told to stop.

Django is loaded here only where the database has to be prepared: the servers must run before the
settings are read, and a warm start does without it.
"""

import argparse
import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from kauri import env
from kauri.launcher import commands
from kauri.launcher.console import Console
from kauri.launcher.errors import LaunchError, gettext_noop
from kauri.launcher.options import UpOptions, arguments_add, options_from
from kauri.launcher.preflight import folders_check, only_one, port_check
from kauri.launcher.stamp import stamp_holds, stamp_write
from kauri.launcher.stores import Stores, services_written, stores_open
from kauri.launcher.supervisor import Child, Supervisor
from kauri.launcher.texts import BASE_DIR, _, sentence

READY_POLL_S = 0.2
READY_SLOW_S = 60.0
_PENDING = "pending"


def main(argv: Sequence[str]) -> int:
    """Run `up` with these arguments; return the exit status."""
    env.load(BASE_DIR / ".env")
    parser = argparse.ArgumentParser(prog="manage.py up", description=_("Run Kauri on this machine."))
    arguments_add(parser)
    options = options_from(parser.parse_args(argv))
    console = Console()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            folders_check(options.var_dir)
            stack.enter_context(only_one(options.var_dir))
            _run(options, console)
    except LaunchError as error:
        console.say(sentence(error))
        return error.exit_code
    except KeyboardInterrupt:
        console.say(_("Stopped before it was up."))
        return 130
    console.say(_("Everything has stopped."))
    return 0


def _interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(number)


def _run(options: UpOptions, console: Console) -> None:
    importer = commands.samples_import(options)
    children = (commands.web(options), commands.worker(options))
    run_dir = options.var_dir / "run"
    supervisor = Supervisor(run_dir=run_dir, cwd=BASE_DIR, console=console, children=children)
    supervisor.stop_strays(importer)
    port_check(options.host, options.port)
    console.say(_("Starting in %(folder)s.") % {"folder": options.var_dir})
    with stores_open(options.var_dir) as stores, services_written(options.var_dir, stores, web_url=_web_url(options)):
        passwords: list[str] = []
        try:
            _prepare(options, stores, console, passwords)
            asyncio.run(_keep(supervisor, stores, options, importer, lambda: _say_all(passwords, console)))
        finally:
            _say_all(passwords, console)  # where it was never ready: they cannot be had again


def _prepare(options: UpOptions, stores: Stores, console: Console, passwords: list[str]) -> None:
    """Bring the database up to date; append the sentences with new passwords, to be said once."""
    stamp = options.var_dir / "run" / "migrated.json"
    if stamp_holds(stamp, stores.database_owner_url):
        return
    os.environ.update({"KAURI_DB_ROLE": "owner", "KAURI_VAR_DIR": str(options.var_dir)})
    from kauri.management import preparation  # noqa: PLC0415 - loads Django, see above

    console.say(_("Preparing the database."))
    preparation.database_prepare(app_url=stores.database_url, owner_url=stores.database_owner_url)
    if preparation.is_unused():
        if options.has_samples:  # noted first: a start that is cut off here goes on with them next time
            _samples_mark(options).write_text(_PENDING, "ascii")
            preparation.samples_announce(commands.SAMPLES / "manifest.jsonl")
        passwords += [
            _("%(name)s: sign in as %(email)s with the password %(password)s (shown this once)")
            % {"name": account.name, "email": account.email, "password": account.password}
            for account in preparation.demo_accounts_create(secrets.token_urlsafe)
        ]
    stamp_write(stamp, stores.database_owner_url)


def _say_all(sentences: list[str], console: Console) -> None:
    """Say each sentence, once."""
    while sentences:
        console.say(sentences.pop(0))


async def _keep(
    supervisor: Supervisor,
    stores: Stores,
    options: UpOptions,
    importer: Child,
    on_ready: Callable[[], None],
) -> None:
    console = supervisor.console

    async def announce() -> None:
        began = time.monotonic()
        while not await _is_ready(options):
            await asyncio.sleep(READY_POLL_S)
            if time.monotonic() - began > READY_SLOW_S:
                began = time.monotonic()
                console.say(_("The web process is not ready yet; manage.py doctor says what is missing."))
        console.say(_("Kauri answers at %(url)s") % {"url": _web_url(options)})
        on_ready()  # here, where they are seen, and not above the lines of the start
        await _samples_import(supervisor, options, importer, console)

    await supervisor.run(announce(), stores=stores.embedded)
    if supervisor.refused:
        raise LaunchError(
            gettext_noop(
                "The process %(name)s refuses to start, for the reason above; another start would change nothing."
            ),
            name=supervisor.refused,
        )


async def _samples_import(supervisor: Supervisor, options: UpOptions, importer: Child, console: Console) -> None:
    mark = _samples_mark(options)
    if not mark.exists() or not options.has_samples:
        return
    console.say(_("Importing the sample documents."))
    if await supervisor.run_once(importer):
        console.say(_("Some sample documents were not imported; the next start tries again."))
    else:
        console.say(_("The sample documents are there."))
        mark.unlink()


def _samples_mark(options: UpOptions) -> Path:
    return options.var_dir / "run" / "samples"


def _web_url(options: UpOptions) -> str:
    return os.environ.get("KAURI_PUBLIC_URL") or f"http://localhost:{options.port}"


async def _is_ready(options: UpOptions) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104 - read, not bound
    try:
        reader, writer = await asyncio.open_connection(host, options.port)
        writer.write(b"GET /v1/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        status = await asyncio.wait_for(reader.readline(), timeout=5)
        writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status
