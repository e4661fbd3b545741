"""The parsing child is a real process here: limits, time-outs and deaths are the kernel's own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from django.utils import translation

from apps.knowledge.parsers.errors import (
    Broken,
    Empty,
    Encrypted,
    ParseFailed,
    ScanWithoutText,
    TimedOut,
    TooLarge,
    UnsupportedFormat,
)
from apps.knowledge.sandbox import parse_file
from apps.knowledge.tests import parsing_files as files

ROOT = Path(__file__).resolve().parents[3]
# Markdown of so many nested quotations takes its parser minutes.
SLOW_TEXT = ("> " * 30 + "a\n\n# b\n\n") * 60_000


def stored(folder: Path, raw: bytes) -> Path:
    path = folder / "fichier"
    path.write_bytes(raw)
    return path


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def test_a_document_comes_back_whole(tmp_path: Path) -> None:
    document = parse_file(stored(tmp_path, "# Été\n\nL’écriture.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n".encode()))
    assert (document.format, document.title) == ("markdown", "Été")
    assert [block.text for block in document.blocks] == ["Été", "L’écriture.", "a | b\n1 | 2"]
    assert document.blocks[2].rows == (("a", "b"), ("1", "2"))


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", Empty),
        (b"   \n", Empty),
        (files.pdf_without_text(2), ScanWithoutText),
        (files.encrypted(files.pdf([("x",)]), user_password="p", algorithm="AES-256"), Encrypted),
        (files.zipped({"xl/workbook.xml": b"<x/>"}), UnsupportedFormat),
        (b"%PDF-1.7\nrubbish", Broken),
    ],
)
def test_each_refusal_has_its_error(tmp_path: Path, raw: bytes, error: type[ParseFailed]) -> None:
    with pytest.raises(error) as raised:
        parse_file(stored(tmp_path, raw))
    assert raised.value.permanent
    assert str(raised.value)


def test_the_sentence_names_what_was_found(tmp_path: Path) -> None:
    with translation.override("en"):
        with pytest.raises(UnsupportedFormat, match="xlsx"):
            parse_file(stored(tmp_path, files.zipped({"xl/workbook.xml": b"<x/>"})))
        with pytest.raises(ScanWithoutText, match="3 pages"):
            parse_file(stored(tmp_path, files.pdf_without_text(3)))


def test_time_runs_out_and_nothing_stays_behind(tmp_path: Path) -> None:
    before = children()
    started = time.monotonic()
    with pytest.raises(TimedOut):
        parse_file(stored(tmp_path, SLOW_TEXT.encode()), timeout_s=1.0)
    assert time.monotonic() - started < 3
    assert children() <= before


def test_memory_runs_out(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        parse_file(stored(tmp_path, b"mot " * 30_000_000), memory_mb=160, timeout_s=30)


def test_a_child_that_is_killed_is_a_broken_file(tmp_path: Path) -> None:
    path = stored(tmp_path, SLOW_TEXT.encode())
    killer = subprocess.Popen(
        [sys.executable, "-c", _KILL_CHILD_OF, str(os.getpid())], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    weight = bytearray(500 * 1024 * 1024)  # what a worker holds must not count as the child's
    weight[::4096] = b"x" * len(weight[::4096])
    try:
        with pytest.raises(Broken):
            parse_file(path, timeout_s=30, memory_mb=512)
    finally:
        killer.wait()


_KILL_CHILD_OF = """
import psutil, sys, time
for _ in range(200):
    for process in psutil.Process(int(sys.argv[1])).children():
        if "apps.knowledge.parsers.child" in process.cmdline():
            time.sleep(0.5); process.kill(); sys.exit()
    time.sleep(0.05)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    path = stored(tmp_path, SLOW_TEXT.encode())
    parent = subprocess.Popen([sys.executable, "-c", _PARSE, str(path)], cwd=ROOT)
    child = _wait_for_child(parent.pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    gone, alive = psutil.wait_procs([child], timeout=2)
    assert gone
    assert not alive


_PARSE = """
import sys
from pathlib import Path
from django.conf import settings
settings.configure()
from apps.knowledge.sandbox import parse_file
parse_file(Path(sys.argv[1]), timeout_s=60)
"""


def _wait_for_child(parent_pid: int) -> psutil.Process:
    for _ in range(200):
        for process in psutil.Process(parent_pid).children():
            if "apps.knowledge.parsers.child" in process.cmdline():
                # Long enough that it has confined itself.
                time.sleep(0.5)
                return process
        time.sleep(0.05)
    raise AssertionError("no parsing child was started")


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "open('written', 'w')",
        "import os; os.open('written', os.O_CREAT | os.O_WRONLY)",
    ],
)
def test_a_confined_process_can_reach_and_write_nothing(tmp_path: Path, attempt: str) -> None:
    program = (
        "import json, os, sys\n"
        "from apps.knowledge.parsers import child\n"
        "child._confine(512, 10, os.getppid())\n"
        f"try:\n    {attempt}\n    print(json.dumps('done'))\n"
        "except BaseException as error:\n    print(json.dumps(type(error).__name__))\n"
        "sys.stdout.flush(); os._exit(0)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert finished.returncode == 0, finished
    assert json.loads(finished.stdout) in ("PermissionError", "OSError")
    assert not (tmp_path / "written").exists()


def test_the_child_sees_no_secrets_and_starts_without_django(tmp_path: Path) -> None:
    program = (
        "import sys; from apps.knowledge.parsers import child, registry, refusals, wire\n"
        "sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_a_child_of_a_large_process_does_not_begin_above_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "texte.md"
    path.write_text("# Titre\n\nUne phrase.\n", encoding="utf-8")
    program = (
        "import sys\nfrom pathlib import Path\n"
        "weight = bytearray(700 * 1024 * 1024)\nweight[::4096] = b'x' * len(weight[::4096])\n"
        "from apps.knowledge.sandbox import parse_file\n"
        "print(len(parse_file(Path(sys.argv[1]), memory_mb=512, timeout_s=20).blocks))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "kauri.settings"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr[-500:]
    assert int(finished.stdout) == 2
