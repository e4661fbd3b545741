"""Recognise what a file is from its content; its name is never looked at."""

import lzma
import re
import struct
import zipfile
import zlib
from io import BytesIO

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"MZ", "exe"),
    (b"\x7fELF", "exe"),
    (b"\xcf\xfa\xed\xfe", "exe"),
    (b"\xca\xfe\xba\xbe", "exe"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"%!PS", "postscript"),
    (b"OggS", "audio"),
    (b"ID3", "audio"),
)
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_END_OF_DIRECTORY = b"PK\x05\x06"
# Some 10,000 entries: more of them would fill the memory of whoever only wants to know what the file is.
_MAX_DIRECTORY_BYTES = 1 << 20
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Stream names of OLE containers, in the order in which they decide. The first is what Office
# writes around a .docx or .xlsx with a password.
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
    ("__substg1.0_", "msg"),
    ("VisioDocument", "visio"),
)
_MIMETYPES: tuple[tuple[str, str], ...] = (
    ("opendocument.text", "odt"),
    ("opendocument.spreadsheet", "ods"),
    ("opendocument.presentation", "odp"),
    ("opendocument", "opendocument"),
    ("epub", "epub"),
)
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|h[1-6]|p|div|table|ul|ol|dl|span|img|a)\b[^>]*>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# cp1252 leaves these undefined; Python's codec refuses them, browsers map them to C1 controls.
_CP1252_MAX_CONTROL_SHARE = 0.001


def recognise(raw: bytes) -> str:
    """Name the format: docx, pdf, text (decodable), encrypted, or the name of one not read."""
    if b"%PDF-" in raw[:1024]:
        return "pdf"
    if raw.startswith(_ZIP_MAGIC):
        return _recognise_zip(raw)
    if raw.startswith(_OLE_MAGIC):
        return _recognise_ole(raw)
    for magic, name in _MAGIC:
        if raw.startswith(magic) and not _is_short_text(raw, magic):
            return name
    if raw[:4] == b"RIFF":
        return "image" if raw[8:12] == b"WEBP" else "media"
    if raw[4:8] == b"ftyp":
        return "media"
    return _recognise_markup(raw)


def _is_short_text(raw: bytes, magic: bytes) -> bool:
    """Tell a text that happens to begin with two letters like MZ or BM from the binary."""
    return len(magic) == 2 and magic.isalpha() and b"\x00" not in raw[:512]


def _recognise_markup(raw: bytes) -> str:
    head = raw[:4096].lstrip(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"<?xml", b"<!DOCTYPE", b"<!doctype")):
        return "html" if re.search(rb"<!doctype\s+html|<html", head, re.IGNORECASE) else "xml"
    if _HTML.match(head) or (head.startswith(b"<!--") and _HTML.search(head)):
        return "html"
    if re.match(rb"\{\s*\"", head) and raw.rstrip().endswith(b"}"):
        return "json"
    return "text" if decode_text(raw) is not None else "binary"


def _recognise_ole(raw: bytes) -> str:
    for stream, name in _OLE_STREAMS:
        if stream.encode("utf-16-le") in raw:
            return name
    return "ole"


def _recognise_zip(raw: bytes) -> str:
    if _directory_bytes(raw) > _MAX_DIRECTORY_BYTES:
        return "zip"
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype")[:100].decode("latin-1") if _has_small(archive, "mimetype") else ""
    except _ZIP_ERRORS:
        # A cut-off .docx has no directory any more; its first entries still name their parts.
        return "docx" if b"word/" in raw else "zip"
    for part, name in _MIMETYPES:
        if part in mimetype:
            return name
    if any(name.startswith("word/") for name in names):
        return "docx"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if any(name.startswith("ppt/") for name in names):
        return "pptx"
    if any(name.startswith("visio/") for name in names):
        return "visio"
    return "docx" if "[Content_Types].xml" in names and b"wordprocessingml" in raw else "zip"


def _directory_bytes(raw: bytes) -> int:
    """Return the size that a zip gives for its directory, 0 where it has none; zip64 says a size that is too large."""
    end = raw.rfind(_END_OF_DIRECTORY, max(0, len(raw) - 66_000))
    return int.from_bytes(raw[end + 12 : end + 16], "little") if end >= 0 else 0


def _has_small(archive: zipfile.ZipFile, name: str) -> bool:
    try:
        return archive.getinfo(name).file_size < 1000
    except KeyError:
        return False


def decode_text(raw: bytes) -> str | None:
    """Decode UTF-8, UTF-16 (with or without a mark) or cp1252; None when it is not text."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(raw, "utf-16")
    if raw[:2000].count(0) > len(raw[:2000]) // 5:
        encoding = "utf-16-le" if raw[:2000:2].count(0) < raw[1:2000:2].count(0) else "utf-16-be"
        return _decoded(raw, encoding)
    text = _decoded(raw, "utf-8-sig")
    if text is None:
        text = raw.decode("cp1252", "replace")
        if text.count("\ufffd") > len(text) * _CP1252_MAX_CONTROL_SHARE:
            return None
    controls = len(_CONTROL.findall(text))
    return None if controls > len(text) * _CP1252_MAX_CONTROL_SHARE else text


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None
