import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.registry import read_document
from apps.knowledge.parsers.sniff import decode_text, recognise
from apps.knowledge.tests import parsing_files as files


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (files.zipped({"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b"<x/>"}), "xlsx"),
        (files.zipped({"ppt/presentation.xml": b"<x/>"}), "pptx"),
        (files.zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}), "odt"),
        (files.zipped({"mimetype": b"application/epub+zip"}), "epub"),
        (files.zipped({"a.txt": b"hello"}), "zip"),
        (b"PK\x03\x04 cut off", "zip"),
        (b"{\\rtf1\\ansi Bonjour}", "rtf"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "image"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "image"),
        (b"MZ\x90\x00" + bytes(100), "exe"),
        (b"\x7fELF" + bytes(100), "exe"),
        (b"<!DOCTYPE html><html><body>Bonjour</body></html>", "html"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"), "doc"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le"), "xls"),
        (bytes(range(256)) * 8, "binary"),
        (b"nom,age,ville\nA,1,Dakar\nB,2,Lome\nC,3,Niamey\n", "csv"),
    ],
)
def test_it_names_what_it_does_not_read(tmp_path: Path, raw: bytes, found: str) -> None:
    # The name says something else on purpose: only the content counts.
    path = tmp_path / "contrat.pdf"
    path.write_bytes(raw)
    with pytest.raises(Refused) as refused:
        read_document(path)
    assert (refused.value.kind, refused.value.found) == ("unsupported_format", found)


def test_an_office_file_with_a_password_is_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(Refused) as refused:
        read_document(path)
    assert refused.value.kind == "encrypted"


@pytest.mark.parametrize("raw", [b"", b" \r\n\t\n", b"\x00\x00\x00", b"---\ntitle: Rien\n---\n"])
def test_a_file_without_text_is_empty(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "vide.txt"
    path.write_bytes(raw)
    with pytest.raises(Refused) as refused:
        read_document(path)
    assert refused.value.kind == "empty"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_it_decodes_the_encodings_that_users_have(encoding: str) -> None:
    text = "Été comme hiver, l’écriture « au journal » coûte 5 € à l'entité."
    assert decode_text(text.encode(encoding)) == text


def test_text_that_begins_like_a_program_is_text() -> None:
    assert recognise(b"MZ est le code ISO du Mozambique.") == "text"
    assert recognise(b"BM, banque mondiale") == "text"


def test_it_reads_a_word_file_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(files.word(lambda document: document.add_paragraph("Bonjour")))
    assert read_document(path).format == "docx"


def test_a_zip_of_countless_entries_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(12_000):
            archive.writestr(f"word/{number:060}.xml", b"")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert recognise(made.getvalue()) == "zip"
