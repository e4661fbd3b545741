"""The whole of Kauri on free ports in a folder of its own, started as a user starts it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "une phrase de passe assez longue"


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(fact: object, *, timeout_s: float, what: str, every_s: float = 0.2) -> object:
    """Call `fact` until it returns something true, and return that; AssertionError names `what` was missed."""
    assert callable(fact)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = fact()
        if found:
            return found
        time.sleep(every_s)
    raise AssertionError(f"not within {timeout_s} s: {what}")


class Stack:
    """One `manage.py up` and what a test needs to talk to it."""

    def __init__(self, folder: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.var_dir = folder / "var d'été"  # a space, an apostrophe and accents, as users have them
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log_path = folder / "up.log"
        self.options = options
        # The tests' own stores are of no concern to this stack.
        ours = ("DATABASE_", "REDIS_", "KAURI_", "PYTEST_")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | dict(env or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.clients: list[httpx.Client] = []

    def start(self, *, timeout_s: float = 120) -> "Stack":
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "manage.py",
                    "up",
                    "--port",
                    str(self.port),
                    "--var-dir",
                    str(self.var_dir),
                    *self.options,
                ],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.is_ready, timeout_s=timeout_s, what=f"Kauri ready; its log ends:\n{self.log()[-3000:]}")
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"up ended with {self.process.returncode}:\n{self.log()[-3000:]}")
        try:
            return httpx.get(f"{self.url}/v1/health/ready", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def stop(self, *, timeout_s: float = 20) -> int:
        """End it as Ctrl-C does; return the exit status."""
        assert self.process is not None
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"up did not stop within {timeout_s} s:\n{self.log()[-3000:]}") from None

    def pid_of(self, name: str) -> int:
        """Return the process id of a child: web, worker, postgres, valkey-state, valkey-cache."""
        return int(json.loads((self.var_dir / "run" / f"{name}.json").read_text())["pid"])

    def manage(self, *arguments: str, timeout_s: float = 300, is_ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command beside the running stack."""
        run = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env | {"KAURI_VAR_DIR": str(self.var_dir)},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert not is_ok or run.returncode == 0, f"{arguments}: {run.stdout[-2000:]}\n{run.stderr[-2000:]}"
        return run

    def signed_up(self, email: str) -> httpx.Client:
        """Sign a new user up through the page and return their client, with cookies and CSRF header."""
        client = httpx.Client(base_url=self.url, timeout=60, follow_redirects=True)
        self.clients.append(client)
        page = client.get("/accounts/signup/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:500]
        answer = client.post(
            "/accounts/signup/",
            data={"csrfmiddlewaretoken": token[1], "name": "Awa Diop", "email": email, "password1": PASSWORD},
            headers={"Referer": f"{self.url}/accounts/signup/"},
        )
        assert "sessionid" in client.cookies, answer.text[:2000]
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        client.headers["Referer"] = self.url
        return client
