"""Small files for the parsers' tests, written by the libraries that users' programs resemble."""

import io
import zipfile
from collections.abc import Callable, Sequence

from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

LAW_PAGES: tuple[tuple[str, ...], ...] = (
    (
        "TITRE I - DISPOSITIONS GÉNÉRALES",
        "CHAPITRE PREMIER",
        "DU CAPITAL",
        "Article 1",
        "La société est constituée entre deux personnes au moins. Elle est soumise aux dispositions du",
        "présent acte et à celles de l'article 3 ci-dessous.",
        "Article 2-1",
        "Le capital est d'un million (1.000.000) de francs au moins.",
    ),
    (
        "Il est divisé en parts égales.",
        "CHAPITRE II - DES APPORTS",
        "Article 3 : Les apports sont faits en numéraire ou en nature.",
        "Article 4",
        "Peuvent être apportés :",
        "- une somme d'argent ;",
        "- un bien.",
    ),
    ("Article 5.- Le présent acte entre en vigueur le 1er janvier 2020.",),
)


def pdf(pages: Sequence[Sequence[str]], *, header: str = "", footer: str = "") -> bytes:
    """A PDF with one printed line for each string; `{n}` in the footer is the page's number."""
    document = FPDF(format="A4")
    document.set_auto_page_break(auto=False)
    for number, lines in enumerate(pages, start=1):
        document.add_page()
        document.set_font("Helvetica", size=8)
        document.text(20, 12, header)
        document.text(20, 288, footer.replace("{n}", str(number)))
        for row, line in enumerate(lines):
            is_heading = line.startswith(("TITRE", "CHAPITRE", "DU CAPITAL", "Article 1", "Article 2-1", "Article 4"))
            document.set_font("Helvetica", style="B" if is_heading else "", size=11)
            document.text(20, 40 + 6 * row, line)
    return bytes(document.output())


def pdf_without_text(n_pages: int) -> bytes:
    document = FPDF(format="A4")
    for _ in range(n_pages):
        document.add_page()
        document.rect(20, 20, 100, 100, style="F")
    return bytes(document.output())


def encrypted(raw: bytes, *, user_password: str, algorithm: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(raw)))
    writer.encrypt(user_password, "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(build: Callable[[WordDocument], object]) -> bytes:
    document = Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def add_paragraph_xml(document: WordDocument, inner: str) -> None:
    """Append `<w:p>inner</w:p>` as Word would have written it."""
    namespaces = nsdecls("w", "r", "wp", "a")
    extra = (
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
        'xmlns:v="urn:schemas-microsoft-com:vml"'
    )
    document.element.body.insert(len(document.element.body) - 1, parse_xml(f"<w:p {namespaces} {extra}>{inner}</w:p>"))


def replaced_part(raw: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same zip with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, change(content) if entry.filename == name else content)
    return out.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return out.getvalue()
