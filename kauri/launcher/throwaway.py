"""Stores of their own for one command, which leave nothing behind: what runs on them cannot touch any other."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kauri import env
from kauri.launcher.testing import stores_running


@contextmanager
def throwaway_environment(keep: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Start embedded stores in a temporary folder; yield the environment of a process that runs on them.

    Of Kauri's settings, as read so far in this process, only those whose names begin with a word of `keep` stay: no
    provider, address or key reaches the command, from the environment or from the .env file.
    """
    with stores_running() as stores:
        settings = [name for name in env.READ if not name.startswith(tuple(keep))]
        # an empty variable keeps the .env file from giving it another value
        silenced = {name: "" for read in settings for name in (read, f"{read}_FILE")}
        yield {**os.environ, **silenced, **stores}
