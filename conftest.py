"""Start the suite's own PostgreSQL and Valkeys, then Django.

This happens while this file is imported: conftest files further down may import models, and a hook
would come too late for them. The settings module is therefore named here and not in pyproject.toml.
"""

import atexit
import os
from contextlib import ExitStack

import django

from kauri.launcher.testing import suite_environment

_stack = ExitStack()
atexit.register(_stack.close)  # also after a failure and Ctrl-C; kill -9 is seen to by the servers themselves
_stack.enter_context(suite_environment())
os.environ["DJANGO_SETTINGS_MODULE"] = "kauri.settings"
django.setup()
# Workers of pytest-xdist inherit this environment: they must come by here too, before settings load.
del os.environ["DJANGO_SETTINGS_MODULE"]
