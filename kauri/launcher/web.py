"""The web process of `up`: uvicorn, and a status of its own where another start would change nothing.

python -m kauri.launcher.web kauri.asgi:application [uvicorn's options]
"""

import sys

from uvicorn.main import main as serve

from kauri import env
from kauri.launcher.refusal import REFUSED, sentences


def main() -> None:
    """Serve; end with REFUSED, and the reason as the last line, where settings or index forbid it."""
    try:
        serve()
    except env.BadSetting as fault:
        sentences.append(str(fault))
    except SystemExit:
        if not sentences:
            raise
    for each in sentences:
        print(each, file=sys.stderr, flush=True)  # noqa: T201 - for whoever reads the terminal, beside the log's line
    if sentences:
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
