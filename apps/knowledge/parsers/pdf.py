"""PDFs with a text layer, read by PDFium."""

from collections.abc import Sequence
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_raw

from apps.knowledge.parsers.cleaning import clean_line, clean_lines
from apps.knowledge.parsers.headings import block_headings
from apps.knowledge.parsers.hyphens import mend, vocabulary
from apps.knowledge.parsers.pdf_furniture import without_furniture
from apps.knowledge.parsers.pdf_lines import Line, page_lines
from apps.knowledge.parsers.pdf_paragraphs import Piece, document_look, join_lines
from apps.knowledge.parsers.pdf_text import PageText
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import ParsedDocument

_MAX_TITLE = 300


def read_pdf(raw: bytes) -> ParsedDocument:
    """Read the text layer with its pages; an empty user password is tried, as readers do.

    Raises Refused: encrypted, broken, or scan_without_text when no page has a text layer.
    """
    document = _open(raw)
    pages = [_lines_of(document, index) for index in range(len(document))]
    if not pages:
        raise Refused("broken")
    without_text = sum(1 for lines in pages if not lines)
    if without_text == len(pages):
        raise Refused("scan_without_text", pages=len(pages))
    kept = without_furniture(pages)
    lines = [line for page in kept for line in page]
    # A document of nothing but headers is still shown as it is.
    lines = lines or [line for page in pages for line in page]
    pieces = join_lines(lines, document_look(lines))
    blocks = block_headings(_mended(pieces, lines))
    return ParsedDocument("pdf", blocks, len(pages), _title(document), without_text)


def _open(raw: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) in (pdfium_raw.FPDF_ERR_PASSWORD, pdfium_raw.FPDF_ERR_SECURITY)
        raise Refused("encrypted" if is_locked else "broken") from error


def _lines_of(document: Any, index: int) -> tuple[Line, ...]:
    """The lines of one page; a page that PDFium cannot load counts as one without text."""
    try:
        page = document[index]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        return ()
    lines = page_lines(PageText(textpage, number=index + 1, height=float(page.get_height())))
    textpage.close()
    page.close()
    return tuple(line for line in lines if clean_line(line.text))


def _mended(pieces: Sequence[Piece], lines: Sequence[Line]) -> list[Piece]:
    words = vocabulary(line.text for line in lines)
    return [
        Piece(
            kind=piece.kind,
            text=clean_lines(mend(piece.text, words)),
            page=piece.page,
            structure=piece.structure,
            style=piece.style,
            rows=tuple(tuple(clean_line(cell) for cell in row) for row in piece.rows),
        )
        for piece in pieces
    ]


def _title(document: Any) -> str:
    """The title in the file's properties, unless it is a program's file name."""
    title = clean_line(str(document.get_metadata_dict().get("Title", "")))[:_MAX_TITLE]
    is_file_name = title.lower().endswith((".doc", ".docx", ".pdf", ".indd", ".qxd")) or title.startswith(
        "Microsoft Word"
    )
    return "" if is_file_name else title
