"""Choose the parser by content."""

from pathlib import Path

from apps.knowledge.parsers.chart import is_delimited_table, looks_like_chart, read_chart
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.sniff import decode_text, recognise
from apps.knowledge.parsers.types import ParsedDocument


def read_document(path: Path) -> ParsedDocument:
    """Parse the file at `path`, whatever it is called.

    Raises Refused. Only the sandbox's child calls this with a file from outside.
    """
    raw = path.read_bytes()
    if not raw.strip(b"\x00 \t\r\n"):
        raise Refused("empty")
    document = _read(raw, recognise(raw))
    if not any(block.text.strip() for block in document.blocks):
        raise Refused("empty")
    return document


def _read(raw: bytes, found: str) -> ParsedDocument:
    # Parsers with large libraries are imported where they are needed: the child starts in half the time.
    if found == "pdf":
        from apps.knowledge.parsers.pdf import read_pdf  # noqa: PLC0415 - slow to load, see above

        return read_pdf(raw)
    if found == "docx":
        from apps.knowledge.parsers.word import read_word  # noqa: PLC0415 - slow to load, see above

        return read_word(raw)
    if found == "encrypted":
        raise Refused("encrypted")
    if found == "text":
        return _read_text(decode_text(raw) or "")
    raise Refused("unsupported_format", found=found)


def _read_text(text: str) -> ParsedDocument:
    from apps.knowledge.parsers.plain import read_plain  # noqa: PLC0415 - slow to load, see above

    if looks_like_chart(text):
        return read_chart(text)
    if is_delimited_table(text):
        raise Refused("unsupported_format", found="csv")
    return read_plain(text)
