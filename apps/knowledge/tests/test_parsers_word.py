import pytest
from docx.document import Document as WordDocument

from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import Block
from apps.knowledge.parsers.word import read_word
from apps.knowledge.tests import parsing_files as files


def blocks_of(raw: bytes) -> list[tuple[str, str, int | None]]:
    return [(block.kind, block.text, block.level) for block in read_word(raw).blocks]


def test_it_keeps_the_order_of_headings_lists_and_tables() -> None:
    def build(document: WordDocument) -> None:
        document.add_heading("Les amortissements", level=1)
        document.add_paragraph("Définition.")
        document.add_paragraph("linéaire", style="List Bullet")
        table = document.add_table(rows=2, cols=2)
        table.cell(0, 0).text, table.cell(0, 1).text = "Compte", "Libellé"
        table.cell(1, 0).text, table.cell(1, 1).text = "28", "Amortissements"
        document.add_heading("Suite", level=2)
        document.add_paragraph("Fin.")

    assert blocks_of(files.word(build)) == [
        ("heading", "Les amortissements", 1),
        ("paragraph", "Définition.", None),
        ("list", "- linéaire", 1),
        ("table", "Compte | Libellé\n28 | Amortissements", None),
        ("heading", "Suite", 2),
        ("paragraph", "Fin.", None),
    ]


def test_numbers_of_lists_become_text() -> None:
    def build(document: WordDocument) -> None:
        for text in ("premier", "deuxième", "troisième"):
            document.add_paragraph(text, style="List Number")

    assert [text for _, text, _ in blocks_of(files.word(build))] == ["1. premier", "2. deuxième", "3. troisième"]


def test_a_merged_cell_stands_once() -> None:
    def build(document: WordDocument) -> None:
        table = document.add_table(rows=3, cols=2)
        table.cell(0, 0).merge(table.cell(0, 1)).text = "Bilan"
        table.cell(1, 0).merge(table.cell(2, 0)).text = "Actif"
        table.cell(1, 1).text, table.cell(2, 1).text = "Stocks", "Banques"
        # Word keeps what stood in the lower cell, and does not show it.
        hidden = table.rows[2]._tr.tc_lst[0]
        hidden.p_lst[0].add_r().text = "caché"

    rows = read_word(files.word(build)).blocks[0].rows
    assert rows == (("Bilan",), ("Actif", "Stocks"), ("", "Banques"))


def test_tracked_changes_are_accepted() -> None:
    def build(document: WordDocument) -> None:
        files.add_paragraph_xml(
            document,
            "<w:r><w:t xml:space='preserve'>Le taux est de </w:t></w:r>"
            "<w:del w:id='1' w:author='a'><w:r><w:delText>16</w:delText></w:r></w:del>"
            "<w:ins w:id='2' w:author='a'><w:r><w:t>18</w:t></w:r></w:ins>"
            "<w:moveFrom w:id='3' w:author='a'><w:r><w:t> parti</w:t></w:r></w:moveFrom>"
            "<w:r><w:t xml:space='preserve"
            "'> %.</w:t></w:r>",
        )

    assert [text for _, text, _ in blocks_of(files.word(build))] == ["Le taux est de 18 %."]


def test_a_text_box_is_read_once() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>Dans la boîte</w:t></w:r></w:p></w:txbxContent>"
    alternate = (
        "<w:r><mc:AlternateContent>"
        f"<mc:Choice Requires='wps'><w:drawing><wps:wsp><wps:txbx>{box}</wps:txbx></wps:wsp></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    raw = files.word(lambda document: files.add_paragraph_xml(document, f"<w:r><w:t>Avant</w:t></w:r>{alternate}"))
    assert [text for _, text, _ in blocks_of(raw)] == ["Avant", "Dans la boîte"]


def test_articles_in_a_word_file_are_headings() -> None:
    def build(document: WordDocument) -> None:
        document.add_paragraph("Article 12 : Le président convoque le conseil.")
        document.add_paragraph("Article 12 du présent décret est abrogé.")

    assert read_word(files.word(build)).blocks == (
        Block("heading", "Article 12", level=9, label="Article 12"),
        Block("paragraph", "Le président convoque le conseil."),
        Block("paragraph", "Article 12 du présent décret est abrogé."),
    )


def test_strict_open_xml_is_read() -> None:
    raw = files.word(lambda document: document.add_paragraph("Bonjour"))
    for part in ("word/document.xml", "_rels/.rels"):
        raw = files.replaced_part(
            raw,
            part,
            lambda xml: xml.replace(
                b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                b"http://purl.oclc.org/ooxml/wordprocessingml/main",
            ).replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006/",
                b"http://purl.oclc.org/ooxml/officeDocument/",
            ),
        )
    assert [text for _, text, _ in blocks_of(raw)] == ["Bonjour"]


def test_an_entity_bomb_is_refused_before_any_parser_sees_it() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'
    raw = files.word(lambda document: document.add_paragraph("Bonjour"))
    raw = files.replaced_part(raw, "word/document.xml", lambda xml: bomb + xml[xml.index(b"<w:document") :])
    with pytest.raises(Refused) as refused:
        read_word(raw)
    assert refused.value.kind == "broken"


def test_a_zip_bomb_is_too_large() -> None:
    raw = files.word(lambda document: document.add_paragraph("Bonjour"))
    raw = files.replaced_part(raw, "word/styles.xml", lambda xml: xml + b" " * (40 * 1024 * 1024))
    assert len(raw) < 1_000_000
    with pytest.raises(Refused) as refused:
        read_word(raw)
    assert refused.value.kind == "too_large"


@pytest.mark.parametrize("raw", [b"PK\x03\x04word/", files.zipped({"word/document.xml": b"<w:p/>"})])
def test_a_damaged_word_file_is_broken(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_word(raw)
    assert refused.value.kind == "broken"
