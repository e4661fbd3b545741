"""Static files: addresses with a content hash where `collectstatic` has run, and none of that step on one machine."""

import re
from pathlib import Path
from typing import cast

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from servestatic import ServeStaticASGI

from kauri.gate import ASGIApp


class FoundManifestStorage(ManifestStaticFilesStorage):
    """Hashed names where `collectstatic` has run, plain names where it has not."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        if not self.hashed_files and finders.find(re.split(r"[?#]", name, maxsplit=1)[0]):
            return name
        return super().stored_name(name)


def with_static(app: ASGIApp) -> ASGIApp:
    """Serve /static/ before Django does: through a middleware each file would hold a thread of its own."""
    served = ServeStaticASGI(app, autorefresh=settings.DEBUG)
    # What is added later wins, and of the finders the first.
    for folder in reversed(_found_folders()):
        served.add_files(folder, prefix=settings.STATIC_URL)
    if Path(settings.STATIC_ROOT).is_dir():
        served.add_files(settings.STATIC_ROOT, prefix=settings.STATIC_URL)
    return cast("ASGIApp", served)


def _found_folders() -> list[str]:
    folders: dict[str, None] = {}
    for finder in finders.get_finders():
        for storage in getattr(finder, "storages", {}).values():
            folders[storage.location] = None
    return list(folders)
