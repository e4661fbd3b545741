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
                if entry.filename.lower().endswith((".xml", ".rels")):
                    _check_xml(archive, entry)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as error:
        raise Refused("broken") from error


def _check_sizes(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused("encrypted")
    if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > _MAX_TOTAL_BYTES:
        raise Refused("too_large")
    for entry in entries:
        is_xml = entry.filename.lower().endswith((".xml", ".rels"))
        ratio = entry.file_size / max(entry.compress_size, 1)
        if (is_xml and entry.file_size > _MAX_XML_BYTES) or (entry.file_size > _RATIO_FROM_BYTES and ratio > _MAX_RATIO):
            raise Refused("too_large")


def _check_xml(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    # The declared size bounds what zipfile reads. A document type stands before the root element.
    with archive.open(entry) as part:
        head = part.read(64 * 1024)
    if b"\x00" in head[:200]:
        head = head.replace(b"\x00", b"")
    if _DOCTYPE.search(head):
        raise Refused("broken")
