"""Which files an import takes, and what is said about each."""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _

from apps.knowledge.errors import BadMetadata
from apps.knowledge.filing import storable
from apps.knowledge.models import Document


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line or a manifest says about a file; empty where it says nothing."""

    namespace: str = ""
    code: str = ""
    title: str = ""
    kind: str = Document.Kind.DOCTRINE
    country: str = ""
    plan: str = ""
    in_force_from: date | None = None
    in_force_to: date | None = None


@dataclass(frozen=True, slots=True)
class FileToAdd:
    """A file with what is said about it; `problem` is a sentence where it cannot even be tried."""

    path: Path
    label: str
    said: Said
    problem: str = ""


def files_to_add(paths: Sequence[Path], *, defaults: Said, manifest: Path | None) -> tuple[FileToAdd, ...]:
    """Return the files of `paths` (files, or folders walked whole) in a stable order.

    A manifest's row wins over `defaults`; its `file` is relative to the manifest. Hidden files and
    manifests are passed over. Raises BadMetadata for a manifest that cannot be read.
    """
    rows = _rows(manifest, defaults) if manifest else {}
    found = {_key(path): _to_add(path, root, rows, defaults) for root in paths for path in _walk(root, manifest)}
    missing = (
        FileToAdd(Path(key), Path(key).name, said, _("The manifest names this file, but it is not there."))
        for key, said in rows.items()
        if key not in found and not Path(key).exists() and any(Path(key).is_relative_to(_key(root)) for root in paths)
    )
    return (*found.values(), *missing)


def _walk(root: Path, manifest: Path | None) -> Iterator[Path]:
    if not root.is_dir():
        yield root
        return
    for path in sorted(root.rglob("*")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.is_file() and not is_hidden and not _is_manifest(path, manifest):
            yield path


def _is_manifest(path: Path, manifest: Path | None) -> bool:
    if manifest and _key(path) == _key(manifest):
        return True
    return path.suffix == ".jsonl" and "manifest" in path.stem.lower()


def _to_add(path: Path, root: Path, rows: Mapping[str, Said], defaults: Said) -> FileToAdd:
    label = storable(str(path.relative_to(root)) if root.is_dir() else path.name)
    said = rows.get(_key(path), defaults)
    problem = ""
    if not path.exists():
        problem = _("There is no such file.")
    elif not path.is_file():
        # A pipe would be read for ever.
        problem = _("This is no ordinary file.")
    elif not said.namespace and rows:
        problem = _("The manifest does not name this file, and no --namespace was given.")
    elif not said.namespace:
        problem = _("Say which collection it belongs to with --namespace, or name it in a manifest.")
    return FileToAdd(path, label, said, problem)


def _rows(manifest: Path, defaults: Said) -> dict[str, Said]:
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadMetadata(
            _("The manifest %(path)s cannot be read: %(why)s") % {"path": manifest, "why": error}
        ) from error
    rows: dict[str, Said] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            file, said = _row(line, number, defaults)
            rows[_key(manifest.parent / file)] = said
    return rows


def _row(line: str, number: int, defaults: Said) -> tuple[str, Said]:
    try:
        row = json.loads(line)
        file = str(row["file"])
        given = {field.name: row[field.name] for field in fields(Said) if row.get(field.name) is not None}
        for name, value in given.items():
            if not isinstance(value, str) or "\x00" in value:
                raise ValueError(f"{name}: {value!r}")
        for name in ("in_force_from", "in_force_to"):
            if name in given:
                given[name] = date.fromisoformat(given[name])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        sentence = _("Line %(number)s of the manifest cannot be used: %(why)s")
        raise BadMetadata(sentence % {"number": number, "why": repr(error)}) from error
    # The command line fills what a row leaves out; code and title belong to one file alone.
    return file, replace(defaults, **{"code": "", "title": "", **given})


def _key(path: Path) -> str:
    # A name may be written composed in the manifest and decomposed on the disk, or the other way.
    return unicodedata.normalize("NFC", str(path.resolve()))
