import subprocess
import sys

from apps.knowledge.pipeline.owner import is_gone, this_process


def test_this_process_lives_and_an_ended_one_is_gone() -> None:
    assert is_gone(this_process()) is False
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    host, _pid, _started = this_process().split(":")
    try:
        assert is_gone(f"{host}:{child.pid}:0") is True, "a number that was given to another process since"
    finally:
        child.kill()
        child.wait()
    assert is_gone(f"{host}:{child.pid}:0") is True


def test_of_other_machines_and_of_what_it_cannot_read_it_says_nothing() -> None:
    _host, pid, started = this_process().split(":")
    for owner in ("", "nonsense", f"elsewhere-1:{pid}:{started}", "elsewhere-1:999999999:1"):
        assert is_gone(owner) is False
