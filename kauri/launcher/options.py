"""The options of `up`, for its own parser and for Django's help."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from kauri import env
from kauri.launcher.texts import BASE_DIR, _


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What was asked of `up`."""

    host: str
    port: int
    var_dir: Path
    has_samples: bool


def arguments_add(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `up` on a parser."""
    parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on (default: this machine only)"))
    parser.add_argument("--port", type=int, help=_("port to listen on (default: KAURI_PORT, else 8000)"))
    parser.add_argument(
        "--var-dir", type=Path, help=_("folder for everything Kauri writes (default: KAURI_VAR_DIR, else var)")
    )
    parser.add_argument(
        "--no-samples", action="store_true", help=_("do not import the sample documents at the first start")
    )


def options_from(arguments: argparse.Namespace) -> UpOptions:
    """Complete the given options with the environment's and the defaults."""
    var_dir = arguments.var_dir or Path(env.text("KAURI_VAR_DIR", str(BASE_DIR / "var")))
    port = env.integer("KAURI_PORT", 8000, low=1, high=65535) if arguments.port is None else arguments.port
    return UpOptions(
        host=arguments.host,
        port=port,
        var_dir=var_dir.expanduser().resolve(),
        has_samples=not arguments.no_samples,
    )
