"""Write the sample documents that are not plain text from their Markdown sources.

Run ``python samples/build.py`` after editing a file of ``samples/sources``; ``--check`` only compares.
The same source gives the same bytes with the pinned libraries: dates and ids are fixed.
"""

import argparse
import datetime
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pypdfium2
from docx import Document
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER / "sources"
DOCUMENTS = FOLDER / "documents"
FORMATS: dict[str, Literal["docx", "pdf"]] = {
    "achat-de-marchandises": "docx",
    "ccja-et-arbitrage": "pdf",
    "delais-des-assemblees": "pdf",
    "etats-financiers": "pdf",
    "passage-au-plan-revise": "docx",
    "sarl-et-sa": "docx",
    "traite-et-actes-uniformes": "docx",
    "ventes-et-tva": "pdf",
}
AUTHOR = "Kauri"
WRITTEN_AT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
NO_BREAK_SPACE = "\u00a0"
HEADING_SIZES_PT = {1: 18, 2: 13, 3: 11}


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The first row is the header."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Bullets | Table


def french_spaces(text: str) -> str:
    """Put no-break spaces before ``: ; ? ! »``, after ``«`` and ``art.``, in numbers and in amounts."""
    text = re.sub(r" (?=[:;?!»])", NO_BREAK_SPACE, text)
    text = re.sub(r"(?<=«) |(?<=\bart\.) (?=\d)|(?<=\bF) (?=CFA\b)|(?<=\d) (?=F CFA\b)", NO_BREAK_SPACE, text)
    return re.sub(r"(?<=\d) (?=\d{3}\b)", NO_BREAK_SPACE, text)


def read_blocks(markdown: str) -> tuple[Block, ...]:
    """Read the small part of Markdown that the sources use: headings, paragraphs, ``-`` lists, tables."""
    return tuple(_read_block(group.strip()) for group in re.split(r"\n\s*\n", markdown.strip()))


def _read_block(group: str) -> Block:
    lines = [french_spaces(line) for line in group.splitlines()]
    if group.startswith("#"):
        marks, _, text = lines[0].partition(" ")
        return Heading(level=len(marks), text=text)
    if group.startswith("|"):
        cells = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines]
        return Table(rows=(cells[0], *cells[2:]))
    if group.startswith("- "):
        return Bullets(entries=tuple(line.removeprefix("- ") for line in lines))
    return Paragraph(text=" ".join(lines))


def write_docx(blocks: tuple[Block, ...]) -> bytes:
    """Return the bytes of a Word document with real heading styles, lists and tables."""
    document = Document()
    properties = document.core_properties
    properties.author = properties.last_modified_by = AUTHOR
    properties.title = _title(blocks)
    properties.language = "fr-FR"
    properties.comments = ""
    properties.created = properties.modified = WRITTEN_AT.replace(tzinfo=None)
    for block in blocks:
        match block:
            case Heading(level, text):
                document.add_heading(text, level=level)
            case Paragraph(text):
                document.add_paragraph(text)
            case Bullets(entries):
                for entry in entries:
                    document.add_paragraph(entry, style="List Bullet")
            case Table(rows):
                table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
                for row, cells in zip(table.rows, rows, strict=True):
                    for cell, text in zip(row.cells, cells, strict=True):
                        cell.text = text
    packed = io.BytesIO()
    document.save(packed)
    return _with_fixed_times(packed.getvalue())


def _with_fixed_times(packed: bytes) -> bytes:
    # python-docx stamps each member of the archive with the current time.
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as before, zipfile.ZipFile(fixed, "w") as after:
        for name in sorted(before.namelist()):
            member = zipfile.ZipInfo(name, date_time=ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(member, before.read(name))
    return fixed.getvalue()


def write_pdf(blocks: tuple[Block, ...]) -> bytes:
    """Return the bytes of an A4 PDF with a text layer and an outline, in a standard font that embeds nothing."""
    pdf = FPDF(format="A4")
    # The standard fonts are WinAnsi, which has œ and ’; Latin-1, the library's default, has neither.
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_creation_date(WRITTEN_AT)
    pdf.set_title(_title(blocks))
    pdf.set_author(AUTHOR)
    pdf.set_producer(AUTHOR)
    pdf.set_lang("fr-FR")
    pdf.set_margin(22)
    pdf.set_auto_page_break(auto=True, margin=22)
    pdf.add_page()
    for block in blocks:
        _draw(pdf, block)
    return bytes(pdf.output())


def _draw(pdf: FPDF, block: Block) -> None:
    match block:
        case Heading(level, text):
            pdf.ln(0 if level == 1 else 3)
            _draw_lines(pdf, text, style="B", size_pt=HEADING_SIZES_PT[level])
            pdf.start_section(text, level=level - 1)
        case Paragraph(text):
            _draw_lines(pdf, text)
        case Bullets(entries):
            for entry in entries:
                _draw_lines(pdf, f"• {entry}", gap_mm=0.5)
        case Table(rows):
            with pdf.table(headings_style=FontFace(emphasis="BOLD"), align="LEFT") as table:
                for cells in rows:
                    table.row(cells)


def _draw_lines(pdf: FPDF, text: str, *, style: Literal["", "B"] = "", size_pt: int = 11, gap_mm: float = 2) -> None:
    pdf.set_font("helvetica", style=style, size=size_pt)
    pdf.multi_cell(0, size_pt * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(gap_mm)


def _title(blocks: tuple[Block, ...]) -> str:
    return next(block.text for block in blocks if isinstance(block, Heading))


def build_all() -> Iterator[tuple[Path, bytes]]:
    """Yield the path of each generated sample and the bytes it should have."""
    writers = {"docx": write_docx, "pdf": write_pdf}
    for stem, suffix in FORMATS.items():
        blocks = read_blocks((SOURCES / f"{stem}.md").read_text(encoding="utf-8"))
        yield DOCUMENTS / f"{stem}.{suffix}", writers[suffix](blocks)


def text_of(packed: bytes, suffix: str) -> str:
    """Return the words of a .docx or .pdf, in reading order, white space made single."""
    if suffix == ".pdf":
        with pypdfium2.PdfDocument(packed) as pdf:
            return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    document = Document(io.BytesIO(packed))
    return " ".join(" ".join(node.text or "" for node in document.element.iter() if node.tag.endswith("}t")).split())


def stale_files() -> tuple[str, ...]:
    """Return the names of generated samples that are missing or whose text differs from their source."""
    return tuple(
        path.name
        for path, packed in build_all()
        if not path.exists() or text_of(path.read_bytes(), path.suffix) != text_of(packed, path.suffix)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a sample is stale")
    if parser.parse_args().check:
        stale = stale_files()
        sys.stdout.write("".join(f"stale: {name}\n" for name in stale))
        return 1 if stale else 0
    for path, packed in build_all():
        path.write_bytes(packed)
        sys.stdout.write(f"{path.name}: {len(packed)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
