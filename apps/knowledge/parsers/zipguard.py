"""Refuse zip containers that expand far beyond their size, and XML that declares entities."""

import re
import zipfile
from io import BytesIO

from apps.knowledge.parsers.refusals import Refused

_MAX_ENTRIES = 10_000
_MAX_TOTAL_BYTES = 512 * 1024 * 1024
_MAX_XML_BYTES = 128 * 1024 * 1024
# Deflate reaches 1,032; text of real documents stays below 100.
_MAX_RATIO = 300
_RATIO_FROM_BYTES = 8 * 1024 * 1024
_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_NAMES = (
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)
# Office never writes a document type; only attacks by entities need one.
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def check_container(raw: bytes) -> None:
    """Look at a .docx before any XML parser does.

    Raises Refused: broken (no zip, an entity), encrypted (zip encryption) or too_large.
    """
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            _check_sizes(archive)
            for entry in archive.infolist():
                if _is_xml(entry.filename):
                    _check_xml(archive, entry)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as error:
        raise Refused("broken") from error


def without_strict_names(raw: bytes) -> bytes:
    """Give a .docx saved as "Strict Open XML" the usual names of its elements, which parsers know.

    Other containers come back unchanged.
    """
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist() if _is_xml(entry.filename)}
        if not any(_STRICT in part for part in parts.values()):
            return raw
        rewritten = BytesIO()
        with zipfile.ZipFile(rewritten, "w", zipfile.ZIP_STORED) as target:
            for name, part in parts.items():
                target.writestr(name, _usual_names(part))
            for entry in archive.infolist():
                if not _is_xml(entry.filename):
                    # Pictures are not read; the package only wants them to be there.
                    target.writestr(entry.filename, b"")
    return rewritten.getvalue()


def _usual_names(part: bytes) -> bytes:
    for strict, usual in _STRICT_NAMES:
        part = part.replace(strict, usual)
    return part


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))


def _check_sizes(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused("encrypted")
    if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > _MAX_TOTAL_BYTES:
        raise Refused("too_large")
    for entry in entries:
        is_xml = _is_xml(entry.filename)
        ratio = entry.file_size / max(entry.compress_size, 1)
        if (is_xml and entry.file_size > _MAX_XML_BYTES) or (
            entry.file_size > _RATIO_FROM_BYTES and ratio > _MAX_RATIO
        ):
            raise Refused("too_large")


def _check_xml(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    # The declared size bounds what zipfile reads. A document type stands before the root element.
    with archive.open(entry) as part:
        head = part.read(64 * 1024)
    if b"\x00" in head[:200]:
        head = head.replace(b"\x00", b"")
    if _DOCTYPE.search(head):
        raise Refused("broken")
