#!/usr/bin/env python
"""Kauri's commands: `python manage.py help`.

This file must parse on Python 3.6, so that a Python that is too old gets a sentence.
"""

import os
import sys

OLDEST = (3, 11)


def main():
    if sys.version_info < OLDEST:
        sys.exit("Kauri demande Python 3.11 ou plus récent ; celui-ci est le %d.%d." % sys.version_info[:2])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
