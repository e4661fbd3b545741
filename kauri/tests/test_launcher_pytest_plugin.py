"""The stores of a test run that never becomes one."""

import os
import subprocess
import sys
from contextlib import suppress
from uuid import uuid4

import psutil

from kauri.launcher.texts import BASE_DIR


def marked(mark: str) -> list[list[str]]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("RUN_MARK") == mark:
                found.append(process.cmdline())
    return found


def test_a_run_that_cannot_begin_ends_and_leaves_no_server() -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("KAURI_", "PYTEST_"))}
    mark = uuid4().hex
    argv = [sys.executable, "-m", "pytest", "-p", "no_such_plugin", "kauri/lib/tests/test_ids.py"]
    run = subprocess.run(
        argv,
        cwd=BASE_DIR,
        env={**own, "RUN_MARK": mark},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    assert "no_such_plugin" in run.stderr
    assert marked(mark) == []
