"""Stores of their own for one command, which leave nothing behind: what runs on them cannot touch any other."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kauri import env
from kauri.launcher.testing import stores_running


@contextmanager
def throwaway_environment(keep: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Start embedded stores in a temporary folder; yield the environment of a process that runs on them.

    Of Kauri's settings only those whose names begin with a word of `keep` stay, as in `silenced_environment`.
    """
    with stores_running() as stores:
        yield {**silenced_environment(keep), **stores}


def silenced_environment(keep: Sequence[str] = ()) -> dict[str, str]:
    """Return this process's environment without Kauri's settings, but for those that begin with a word of `keep`.

    No provider, address or key that this process has read so far reaches the command, from the environment or from the
    .env file.
    """
    settings = [name for name in env.READ if not name.startswith(tuple(keep))]
    # an empty variable keeps the .env file from giving it another value
    silenced = {name: "" for read in settings for name in (read, f"{read}_FILE")}
    return {**os.environ, **silenced}
