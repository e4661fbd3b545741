"""Typed reading of environment variables: one sentence and a stop on a bad value.

Every variable that Kauri reads goes through one of these functions, so that `.env.example` can be
checked against `READ`.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

READ: set[str] = set()


class BadSetting(SystemExit):
    """A setting that cannot be used; its message is the sentence that the operator reads."""


def load(path: Path) -> None:
    """Take the NAME=value lines of a file as defaults: what the environment has wins.

    Raises BadSetting on a line that is neither that, nor blank, nor a comment.
    """
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        name, found, value = line.strip().partition("=")
        if not name or name.startswith("#"):
            continue
        if not found or not name.replace("_", "").isalnum():
            raise BadSetting(f"{path}, line {number}: expected NAME=value.")
        os.environ.setdefault(name, value.strip().strip("\"'"))


def text(name: str, default: str = "") -> str:
    """Return the value of `name`, else of the file that `name`_FILE points to, else `default`."""
    READ.add(name)
    value = os.environ.get(name)
    if value is not None and value != "":
        return value
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE: {path} cannot be read ({error.strerror}).") from error


def flag(name: str, *, default: bool = False) -> bool:
    """Return a switch: 1, true, yes, on or 0, false, no, off."""
    raw = text(name).lower()
    if raw == "":
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(f"{name}={raw}: expected 1 or 0.")


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number between `low` and `high`, both included."""
    raw = text(name)
    try:
        value = int(raw) if raw else default
    except ValueError as error:
        raise BadSetting(f"{name}={raw}: expected a whole number.") from error
    if not low <= value <= high:
        raise BadSetting(f"{name}={value}: expected {low} to {high}.")
    return value


def seconds(name: str, default: float, *, low: float = 0.1, high: float = 3600.0) -> float:
    """Return a duration in seconds between `low` and `high`."""
    raw = text(name)
    try:
        value = float(raw) if raw else default
    except ValueError as error:
        raise BadSetting(f"{name}={raw}: expected a number of seconds.") from error
    if not low <= value <= high:
        raise BadSetting(f"{name}={value}: expected {low} to {high} seconds.")
    return value


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return a comma-separated list without its blanks."""
    raw = text(name)
    if not raw:
        return list(default)
    return [word.strip() for word in raw.split(",") if word.strip()]


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """Return one of `allowed`."""
    value = text(name, default)
    if value not in allowed:
        raise BadSetting(f"{name}={value}: expected one of {', '.join(allowed)}.")
    return value


def services(var_dir: Path) -> dict[str, str]:
    """Return the addresses that `manage.py up` wrote for the embedded servers, {} when there are none."""
    path = var_dir / "run" / "services.json"
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadSetting(f"{path} cannot be read: {error}. Delete it and start Kauri again.") from error
    return {name: value for name, value in written.items() if isinstance(value, str)}


def provider(name: str, *, base_url: str, model: str) -> dict[str, str]:
    """Return how a model provider is reached; it is off where `api_key` is empty."""
    return {
        "name": name.lower(),
        "api_key": text(f"{name}_API_KEY"),
        "base_url": text(f"{name}_BASE_URL", base_url),
        "model": text(f"{name}_MODEL", model),
    }
