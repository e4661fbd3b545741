"""Starts the real stores before pytest-django reads the settings, and stops them after the last test.

A conftest.py comes too late: pytest-django asks for DATABASES first. So pyproject.toml names this
module with `-p`, which pytest imports before any plugin's hooks run.
"""

import atexit
import os
from contextlib import ExitStack

import pytest

from kauri.launcher.testing import test_environment

_stack = ExitStack()
_stack.enter_context(test_environment())
# Also where pytest ends before it is configured. Only now: what is registered later runs earlier, and the
# temporary folder with the records of the servers removes itself at exit, too.
atexit.register(_stack.close)
os.environ.setdefault("KAURI_DB_POOL", "0")  # a pool would keep the test database open at its end


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the stores; pytest calls this after failures and Ctrl-C too."""
    _stack.close()
