import pytest
from fpdf import FPDF

from apps.knowledge.parsers.pdf import read_pdf
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import Block
from apps.knowledge.tests import parsing_files as files


def law_blocks() -> tuple[Block, ...]:
    raw = files.pdf(files.LAW_PAGES, header="ACTE UNIFORME D'ESSAI", footer="https://exemple.test page {n} / 3")
    return read_pdf(raw).blocks


def test_it_reads_divisions_articles_and_their_text() -> None:
    found = [(block.kind, block.text, block.page) for block in law_blocks()]
    assert found == [
        ("heading", "TITRE I - DISPOSITIONS GÉNÉRALES", 1),
        ("heading", "CHAPITRE PREMIER - DU CAPITAL", 1),
        ("heading", "Article 1", 1),
        (
            "paragraph",
            (
                "La société est constituée entre deux personnes au moins. Elle est soumise aux dispositions du "
                "présent acte et à celles de l'article 3 ci-dessous."
            ),
            1,
        ),
        ("heading", "Article 2-1", 1),
        ("paragraph", "Le capital est d'un million (1.000.000) de francs au moins.", 1),
        ("paragraph", "Il est divisé en parts égales.", 2),
        ("heading", "CHAPITRE II - DES APPORTS", 2),
        ("heading", "Article 3", 2),
        ("paragraph", "Les apports sont faits en numéraire ou en nature.", 2),
        ("heading", "Article 4", 2),
        ("paragraph", "Peuvent être apportés :", 2),
        ("list", "- une somme d'argent ;", 2),
        ("list", "- un bien.", 2),
        ("heading", "Article 5", 3),
        ("paragraph", "Le présent acte entre en vigueur le 1er janvier 2020.", 3),
    ]


def test_levels_follow_the_ranks_of_law() -> None:
    levels = {block.text.split()[0]: block.level for block in law_blocks() if block.kind == "heading"}
    assert levels == {"TITRE": 1, "CHAPITRE": 2, "Article": 3}


def test_an_article_that_opens_many_pages_is_no_running_header() -> None:
    texts = ("Un bail.", "Une vente faite.", "Le nom.", "La durée en est fixée.", "Le siège.", "Un gérant nommé.")
    pages = [(f"Article {n}", text) for n, text in enumerate(texts, start=1)]
    headings = [block.text for block in read_pdf(files.pdf(pages)).blocks if block.kind == "heading"]
    assert headings == [f"Article {n}" for n in range(1, 7)]


def test_a_cut_word_is_mended_and_a_compound_keeps_its_hyphen() -> None:
    lines = (
        "Les dispositions de la loi sont applicables au bail et les contre-",
        "parties prévues ci-",
        "après sont dues.",
    )
    text = " ".join(block.text for block in read_pdf(files.pdf([lines])).blocks)
    assert "ci-après" in text
    assert "\ufffe" not in text


def test_a_number_said_again_in_brackets_begins_no_paragraph() -> None:
    pages = [
        (
            "Article 1",
            "Le délai est de soixante",
            "(60) jours au plus. La période est de six",
            "(6) mois. Sont exclus :",
            "(1) les biens ;",
            "(2) les dettes.",
        )
    ]
    found = [(block.kind, block.text) for block in read_pdf(files.pdf(pages)).blocks]
    assert found == [
        ("heading", "Article 1"),
        (
            "paragraph",
            "Le délai est de soixante (60) jours au plus. La période est de six (6) mois. Sont exclus :",
        ),
        ("list", "(1) les biens ;"),
        ("list", "(2) les dettes."),
    ]


def test_a_scan_is_refused_with_its_pages() -> None:
    with pytest.raises(Refused) as refused:
        read_pdf(files.pdf_without_text(4))
    assert (refused.value.kind, refused.value.pages) == ("scan_without_text", 4)


def test_pages_without_text_are_counted() -> None:
    document = read_pdf(files.pdf([("Un texte.",), (), ("Un autre.",), ()]))
    assert (document.page_count, document.pages_without_text) == (4, 2)


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_encryption_without_a_user_password_opens(algorithm: str) -> None:
    raw = files.encrypted(files.pdf([("Texte protégé.",)]), user_password="", algorithm=algorithm)
    assert [block.text for block in read_pdf(raw).blocks] == ["Texte protégé."]


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_user_password_is_asked_for(algorithm: str) -> None:
    raw = files.encrypted(files.pdf([("Texte protégé.",)]), user_password="secret", algorithm=algorithm)
    with pytest.raises(Refused) as refused:
        read_pdf(raw)
    assert refused.value.kind == "encrypted"


@pytest.mark.parametrize("raw", [b"%PDF-1.7\n", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>"])
def test_a_broken_pdf_is_broken(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_pdf(raw)
    assert refused.value.kind == "broken"


def test_wide_gaps_make_cells() -> None:
    # Three pieces far apart on one line, as a table prints them.
    row = "401" + " " * 30 + "Fournisseurs" + " " * 30 + "18 000"
    prose = "Une ligne de texte ordinaire qui donne la mesure des lettres de ce document."
    blocks = read_pdf(files.pdf([(prose, prose, prose, row, prose)])).blocks
    assert [block.rows for block in blocks if block.kind == "table"] == [(("401", "Fournisseurs", "18 000"),)]


def test_stretched_lines_of_two_narrow_columns_are_prose_in_order() -> None:
    left = "Le débiteur d'une somme d'argent doit être mis en demeure de s'exécuter sans délai par son créancier. " * 4
    right = "Celui qui réclame l'exécution d'une obligation doit en prouver l'existence devant la juridiction. " * 4
    document = FPDF(format="A4")
    document.add_page()
    document.set_font("Helvetica", size=11)
    for x, text in ((20, left), (115, right)):
        document.set_xy(x, 30)
        document.multi_cell(48, 5, text.strip(), align="J")
    texts = [block.text for block in read_pdf(bytes(document.output())).blocks]
    assert " ".join(texts) == f"{left.strip()} {right.strip()}"
