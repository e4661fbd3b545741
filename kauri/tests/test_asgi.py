"""What the web process sets up before it loads anything."""

import subprocess
import sys

_WHEN_NUMPY_IS_LOADED = """
import os, sys

class Look:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print("threads:", os.environ.get("OPENBLAS_NUM_THREADS"))

sys.meta_path.insert(0, Look())
import kauri.asgi
"""


def test_numpy_is_loaded_for_one_thread() -> None:
    done = subprocess.run([sys.executable, "-c", _WHEN_NUMPY_IS_LOADED], capture_output=True, check=True, text=True)
    assert "threads: 1" in done.stdout.splitlines()
