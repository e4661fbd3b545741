"""Starts the real stores before Django reads its settings, and stops them after the last test."""

import os
from contextlib import ExitStack

import pytest

from kauri.launcher.testing import test_environment

_stack = ExitStack()


# At import: pytest-django sets Django up as soon as this file has been read.
os.environ.setdefault("KAURI_DB_POOL", "0")  # a pool would keep the test database open at its end
_stack.enter_context(test_environment())


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()
