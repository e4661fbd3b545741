from apps.knowledge.chunking import Chunked, chunk
from apps.knowledge.chunking.chunker import short_title
from apps.knowledge.parsers.headings import structure_blocks
from apps.knowledge.parsers.lawtext import read_structure
from apps.knowledge.parsers.pdf import read_pdf
from apps.knowledge.parsers.types import Block, ParsedDocument
from apps.knowledge.tests import parsing_files as files


def chunked_pdf(**named: str) -> Chunked:
    return chunk(read_pdf(files.pdf(files.LAW_PAGES)), kind="law", **named)


def law(*lines: str) -> ParsedDocument:
    blocks: list[Block] = []
    for line in lines:
        structure = read_structure(line)
        blocks += [Block("paragraph", line)] if structure is None else structure_blocks(structure, None, structure.rank)
    return ParsedDocument("text", tuple(blocks))


def test_one_passage_per_article_with_locator_path_page_and_reference() -> None:
    chunked = chunked_pdf(code="AUX", title="Acte uniforme d'essai")
    found = [(p.locator, p.references, p.page, p.heading_path[-1]) for p in chunked.passages]
    assert found == [
        ("AUX art. 1", ("art:AUX:1",), 1, "CHAPITRE PREMIER - DU CAPITAL"),
        ("AUX art. 2-1", ("art:AUX:2-1",), 1, "CHAPITRE PREMIER - DU CAPITAL"),
        ("AUX art. 3", ("art:AUX:3",), 2, "CHAPITRE II - DES APPORTS"),
        ("AUX art. 4", ("art:AUX:4",), 2, "CHAPITRE II - DES APPORTS"),
        ("AUX art. 5", ("art:AUX:5",), 3, "CHAPITRE II - DES APPORTS"),
    ]
    assert chunked.passages[1].text == (
        "Le capital est d'un million (1.000.000) de francs au moins.\n\nIl est divisé en parts égales."
    )
    assert chunked.passages[3].text == "Peuvent être apportés :\n- une somme d'argent ;\n- un bien."


def test_search_text_carries_title_path_and_article() -> None:
    first = chunked_pdf(code="AUX", title="Acte uniforme d'essai").passages[0]
    assert first.search_text.startswith(
        "Acte uniforme d'essai\n"
        "TITRE I - DISPOSITIONS GÉNÉRALES > CHAPITRE PREMIER - DU CAPITAL\n"
        "AUX art. 1 - article 1\n"
    )
    assert first.search_text.endswith(first.text)


def test_a_text_without_code_takes_its_title_and_no_reference() -> None:
    passage = chunked_pdf(title="Décret 2007-724 (Burkina Faso)").passages[0]
    assert (passage.locator, passage.references) == ("Décret 2007-724 art. 1", ())


def test_articles_inside_articles_have_their_own_passage() -> None:
    chunked = chunk(
        law(
            "Article 269-2",
            "Un.",
            "Article 269-2-1",
            "Deux.",
            "Article 626-1-1",
            "Trois.",
            "Article 822-10-6",
            "Quatre.",
        ),
        code="AUSCGIE",
        kind="law",
    )
    assert [(p.locator, p.text) for p in chunked.passages] == [
        ("AUSCGIE art. 269-2", "Un."),
        ("AUSCGIE art. 269-2-1", "Deux."),
        ("AUSCGIE art. 626-1-1", "Trois."),
        ("AUSCGIE art. 822-10-6", "Quatre."),
    ]


def test_an_amending_act_gives_the_amended_articles() -> None:
    chunked = chunk(
        law(
            "Article 1",
            "Les articles 1er et 2 sont modifiés ainsi qu'il suit :",
            "Article 1er (nouveau)",
            "La Cour.",
            "Article 2 (nouveau)",
            "Les juges.",
        ),
        code="RX",
        kind="law",
    )
    assert [(p.locator, p.references) for p in chunked.passages] == [
        ("RX art. 1", ("art:RX:1",)),
        ("RX art. 1er (nouveau)", ("art:RX:1",)),
        ("RX art. 2 (nouveau)", ("art:RX:2",)),
    ]


def test_another_acts_article_does_not_take_the_codes_reference() -> None:
    passages = chunk(law("Article 202 AU/DCG", "Texte.", "Article 202", "Autre."), code="COCC", kind="law").passages
    assert [(p.locator, p.references) for p in passages] == [
        ("COCC art. 202 AU/DCG", ()),
        ("COCC art. 202", ("art:COCC:202",)),
    ]


def test_a_long_article_is_cut_at_paragraphs_under_one_locator() -> None:
    paragraph = "La société répond de ses dettes envers les tiers, sauf clause contraire des statuts. " * 12
    chunked = chunk(law("Article 7", *[paragraph.strip()] * 6), code="AUX", kind="law")
    assert [p.locator for p in chunked.passages] == [f"AUX art. 7 ({n}/3)" for n in (1, 2, 3)]
    assert {p.references for p in chunked.passages} == {("art:AUX:7",)}
    assert all(p.text.startswith("La société") and p.text.endswith("statuts.") for p in chunked.passages)


def test_a_course_that_quotes_articles_is_not_cut_as_law() -> None:
    document = law("Article 12", "Citation.", "Commentaire du professeur.")
    passages = chunk(document, code="COURS", kind="doctrine").passages
    assert [(p.locator, p.references) for p in passages] == [("Article 12", ())]


def test_short_titles() -> None:
    assert short_title("Décret 2007-724 (Burkina Faso)") == "Décret 2007-724"
    assert short_title("Acte uniforme révisé relatif au droit des sociétés commerciales").endswith("…")


def test_a_cover_stands_above_no_article() -> None:
    cover = tuple(Block("heading", text, level=level, page=1) for text, level in (("OHADA", 7), ("ACTE UNIFORME", 8)))
    body = law("Considérant le traité.", "Article 1", "Toute société est immatriculée.", "Article 2", "Les statuts.")
    chunked = chunk(ParsedDocument("pdf", (*cover, *body.blocks)), kind="law", code="AUX")
    assert {p.locator: p.heading_path for p in chunked.passages if p.references} == {"AUX art. 1": (), "AUX art. 2": ()}
    assert [entry.title for entry in chunked.outline] == ["Article 1", "Article 2"]
    assert chunked.plain_text.startswith("OHADA\n\nACTE UNIFORME")


def test_one_title_stays_a_heading() -> None:
    title = Block("heading", "ACTE UNIFORME", level=1, page=1)
    body = law("Article 1", "Toute société est immatriculée.")
    chunked = chunk(ParsedDocument("pdf", (title, *body.blocks)), kind="law", code="AUX")
    assert chunked.passages[-1].heading_path == ("ACTE UNIFORME",)


def test_a_documents_own_code_beside_an_article_is_none_of_its_text() -> None:
    chunked = chunk(
        law("Article 430 COCC", "Tout apport est publié.", "Article 431", "COCC : le code."), kind="law", code="COCC"
    )
    assert [p.text for p in chunked.passages] == ["Tout apport est publié.", "COCC : le code."]


def test_every_passage_of_a_judgment_is_found_by_its_number() -> None:
    document = law("La Cour rejette le pourvoi.", "Le greffier en chef.")
    title = "CCJA, 1re chambre, arrêt n° 056/2023 du 15 mai 2023"
    judged = chunk(document, kind="case_law", title=title)
    assert {passage.references for passage in judged.passages} == {("arret:CCJA:056/2023",)}
    assert {passage.references for passage in chunk(document, kind="doctrine", title=title).passages} == {()}
