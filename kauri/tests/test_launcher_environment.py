"""environment.sh chooses a Python that works, among false ones."""

import os
import subprocess
from pathlib import Path

import pytest

from kauri.launcher.texts import BASE_DIR

BROKEN = "echo 'pyenv: command not found' >&2\nexit 127"
OLD = "exit 1"  # an old Python answers the question for its version by "no"
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1 ;; esac\nexit 0'
WORKING = """
case "$*" in
  *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"-m pip install"*) echo "pip $*" >>installed.log ;;
  *platform*) echo "Python 3.12.9" ;;
esac
"""


class Workshop:
    """A project folder with nothing but requirements, and a PATH of our making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "un projet à part"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.folder / "requirements").mkdir(parents=True)
        for name in ("base", "dev"):
            (self.folder / "requirements" / f"{name}.txt").write_text("django==5.2\nredis==8.1\n")
        for tool in ("sh", "cat", "cksum", "grep", "mkdir", "ln", "cp", "pwd", "rm"):
            (self.bin / tool).symlink_to(next(p for p in (Path("/bin") / tool, Path("/usr/bin") / tool) if p.exists()))

    def python(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def make(self, wanted: str = "base", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(BASE_DIR / "kauri" / "launcher" / "environment.sh"), wanted],
            cwd=self.folder,
            env={"PATH": str(self.bin), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @property
    def n_installs(self) -> int:
        log = self.folder / "installed.log"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_without_a_fitting_python_one_sentence(workshop: Workshop) -> None:
    workshop.python("python3.13", BROKEN)
    workshop.python("python3", OLD)
    finished = workshop.make()
    assert finished.returncode == 1
    assert "3.11" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_without_venv_the_package_is_named(workshop: Workshop) -> None:
    workshop.python("python3.12", WITHOUT_VENV)
    finished = workshop.make()
    assert finished.returncode == 1
    assert "python3.12-venv" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert not (workshop.folder / ".venv").exists()


def test_the_newest_that_works_is_taken(workshop: Workshop) -> None:
    workshop.python("python3.13", BROKEN)
    workshop.python("python3.12", WORKING)
    workshop.python("python3.11", OLD)
    finished = workshop.make()
    assert finished.returncode == 0, finished.stderr
    assert "3.12.9" in finished.stdout
    assert "--require-hashes" in (workshop.folder / "installed.log").read_text()


def test_a_named_python_comes_first(workshop: Workshop) -> None:
    workshop.python("python3.12", BROKEN)
    workshop.python("mine", WORKING)
    assert workshop.make(PYTHON=str(workshop.bin / "mine")).returncode == 0


def test_nothing_is_installed_twice(workshop: Workshop) -> None:
    workshop.python("python3.12", WORKING)
    assert workshop.make("dev").returncode == 0
    assert workshop.make("dev").stdout == ""
    assert workshop.make("base").stdout == "", "the development set contains the base"
    assert workshop.n_installs == 1
    (workshop.folder / "requirements" / "base.txt").write_text("django==5.3\n")
    assert workshop.make("base").returncode == 0
    assert workshop.n_installs == 2


def test_an_environment_whose_python_has_gone_is_made_anew(workshop: Workshop) -> None:
    workshop.python("python3.12", WORKING)
    workshop.make()
    (workshop.folder / ".venv" / "bin" / "python").unlink()
    assert workshop.make().returncode == 0
    assert workshop.n_installs == 2


def test_a_failed_installation_is_tried_again(workshop: Workshop) -> None:
    workshop.python("python3.12", WORKING.replace('echo "pip $*" >>installed.log', "exit 1"))
    finished = workshop.make()
    assert finished.returncode == 1
    assert not list((workshop.folder / ".venv").glob(".installed*"))
    assert os.access(workshop.folder / ".venv" / "bin" / "python", os.X_OK)
