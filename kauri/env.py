"""Typed reading of environment variables: one sentence and a stop on a bad value.

Every variable that Kauri reads goes through one of these functions, so that `.env.example` can be
checked against `READ`.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

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


def require_none(*faults: str) -> None:
    """Stop with the first of the sentences that say what is wrong; "" says that nothing is."""
    for fault in filter(None, faults):
        raise BadSetting(fault)


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


def provider(name: str, *, base_url: str = "", model: str = "") -> dict[str, str]:
    """Return how a model provider is reached; it is off where `api_key` is empty.

    One without an address of its own (a server of one's own, which may need no key) is on where it is given one.
    """
    address = text(f"{name}_BASE_URL", base_url)
    key = text(f"{name}_API_KEY") or ("none" if address and not base_url else "")
    found = {"name": name.lower(), "api_key": key, "base_url": address, "model": text(f"{name}_MODEL", model)}
    if key and not (address and found["model"]):
        raise BadSetting(f"{name}_BASE_URL and {name}_MODEL: both are needed, to know whom to ask for what.")
    return found


def providers(*known: dict[str, str]) -> tuple[dict[str, str], ...]:
    """Return those of the providers that are on, in the order of LLM_ORDER; what it does not name is not asked."""
    by_name = {each["name"]: each for each in known}
    order = words("LLM_ORDER", tuple(by_name))
    for name in order:
        if name not in by_name:
            raise BadSetting(f"LLM_ORDER={name}: expected some of {', '.join(by_name)}.")
    return tuple(by_name[name] for name in dict.fromkeys(order) if by_name[name]["api_key"])


def engine_url(name: str, *, is_needed: bool) -> str:
    """Return where the engine of another process is: grpc://host:port or grpcs://host:port, "" for none."""
    url = text(name)
    if not url:
        if is_needed:
            raise BadSetting(
                f"{name} is missing: a process of this role has no engine of its own. Set grpc://host:50051."
            )
        return ""
    parts = urlsplit(url)
    try:
        is_address = bool(parts.hostname and parts.port and parts.path in {"", "/"} and not parts.query)
    except ValueError:
        is_address = False
    if parts.scheme not in {"grpc", "grpcs"} or not is_address:
        raise BadSetting(f"{name}={url}: expected grpc://host:port or grpcs://host:port.")
    return url


def key(name: str, *, n_characters: int = 32) -> str:
    """Return a signing key of at least `n_characters`, or ""; the sentence on a bad one does not repeat it."""
    value = text(name)
    if value and len(value) < n_characters:
        raise BadSetting(f"{name} is too short: expected {n_characters} characters or more.")
    return value


def certificate(cert_name: str, key_name: str) -> tuple[str, str]:
    """Return the PEM of a certificate and of its key, both or neither."""
    pair = (text(cert_name), text(key_name))
    if bool(pair[0]) != bool(pair[1]):
        raise BadSetting(f"{cert_name} and {key_name} belong together: one of them is missing.")
    return pair


def web_url(name: str) -> str:
    """Return an http or https address without its last slash, or ""."""
    url = text(name).rstrip("/")
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise BadSetting(f"{name}={url}: expected http://host:port.")
    return url
