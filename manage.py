#!/usr/bin/env python
"""Kauri's commands: `python manage.py help`.

This file must parse on Python 3.6, so that a Python that is too old gets a sentence.
"""

import os
import sys

OLDEST = (3, 11)


def main() -> None:
    """Run one command; what a person can mend is one sentence, not a traceback."""
    if sys.version_info < OLDEST:
        found = "%d.%d" % sys.version_info[:2]
        sys.exit("Kauri demande Python 3.11 ou plus récent, et celui-ci est le " + found + " : lancez make run.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")
    if sys.argv[1:2] not in (["up"], ["rag_search"], ["rag_eval"], ["rag_serve"]):
        # these four search as a served question does; another command needs one connection,
        # and wants to hear at once of none
        os.environ.setdefault("KAURI_DB_POOL", "0")
    try:
        import django  # noqa: F401
        import psutil  # noqa: F401
        import psycopg  # noqa: F401
    except ImportError as error:
        sys.exit("Il manque des paquets à Kauri (" + str(error.name) + ") : lancez make run.")
    if sys.argv[1:2] == ["up"]:
        from kauri.launcher.up import main as up

        sys.exit(up(sys.argv[2:]))
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except Exception as error:
        from kauri.launcher.unreachable import unreachable_sentence

        said = unreachable_sentence(error)
        if said is None:
            raise
        sys.exit(said)


if __name__ == "__main__":
    main()
