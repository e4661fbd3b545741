"""Static files with a content hash in their address, without a collectstatic step on one machine."""

import re

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class FoundManifestStorage(ManifestStaticFilesStorage):
    """Hashed names where `collectstatic` has run, plain names where it has not."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        if not self.hashed_files and finders.find(re.split(r"[?#]", name, maxsplit=1)[0]):
            return name
        return super().stored_name(name)
