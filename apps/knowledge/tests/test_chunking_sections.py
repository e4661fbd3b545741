"""Documents that are no law, and what holds for every document."""

import random
import re
from datetime import date

import pytest

from apps.knowledge.chunking import Chunked, chunk
from apps.knowledge.chunking.tokens import MAX_TOKENS, count_tokens
from apps.knowledge.parsers.types import AccountRow, Block, BlockKind, ParsedDocument

WORDS = re.findall(r"\S+", "la société tient ses comptes ; art. 12 : 1.000.000 F (CFA) « dit » 5% l'État.")


def random_document(seed: int) -> ParsedDocument:
    """Any mixture of blocks, long and short, empty ones and unbroken ones among them."""
    source = random.Random(seed)
    blocks: list[Block] = []
    for _ in range(source.randint(1, 60)):
        kind: BlockKind = source.choice(["heading", "paragraph", "paragraph", "list", "table", "footnote"])
        length = source.choice([0, 1, 5, 40, 200, 1500])
        if kind == "heading":
            number = source.randint(1, 400)
            is_article = source.random() < 0.5
            text = f"Article {number}" if is_article else f"Chapitre {number}"
            blocks.append(Block(kind, text, level=source.randint(1, 6), page=1, label=text if is_article else ""))
        elif kind == "table":
            rows = tuple(tuple(source.choices(WORDS, k=3)) for _ in range(max(length // 4, 1)))
            blocks.append(Block(kind, "\n".join(" | ".join(row) for row in rows), rows=rows))
        else:
            text = " ".join(source.choices(WORDS, k=length)) if source.random() < 0.9 else "!" * length
            blocks.append(Block(kind, text, page=source.randint(1, 9)))
    return ParsedDocument(source.choice(["pdf", "docx", "text"]), tuple(blocks), title="Essai")


def check_invariants(chunked: Chunked, *, is_searched_whole: bool = True) -> None:
    position = 0
    for ordinal, passage in enumerate(chunked.passages):
        start, end = passage.span
        assert passage.ordinal == ordinal
        assert position <= start < end <= len(chunked.plain_text)
        assert chunked.plain_text[start:end] == passage.text
        assert passage.text == passage.text.strip()
        assert passage.text in passage.search_text or not is_searched_whole
        assert passage.locator
        assert 0 < passage.token_count <= 1.3 * MAX_TOKENS
        position = end
    for entry in chunked.outline:
        assert chunked.plain_text.startswith(entry.title, entry.start)


@pytest.mark.parametrize("kind", ["law", "guide"])
@pytest.mark.parametrize("seed", range(40))
def test_spans_are_exact_ordered_and_apart(seed: int, kind: str) -> None:
    check_invariants(chunk(random_document(seed), code="X", kind=kind))


@pytest.mark.parametrize("seed", range(40))
def test_no_text_is_lost(seed: int) -> None:
    """Every visible character of the plain text is in a passage or in a heading."""
    document = random_document(seed)
    chunked = chunk(document, kind="guide")
    covered: set[int] = set()
    for passage in chunked.passages:
        covered.update(range(*passage.span))
    for entry in chunked.outline:
        covered.update(range(entry.start, entry.start + len(entry.title)))
    missed = {i for i, character in enumerate(chunked.plain_text) if not character.isspace()} - covered
    assert not missed


def test_it_cuts_at_headings_and_names_passages_by_them() -> None:
    text = "La dépréciation constate une perte de valeur qui n'est pas définitive pour l'entité concernée. " * 4
    document = ParsedDocument(
        "docx",
        (
            Block("heading", "Cours", level=1),
            Block("heading", "Les stocks", level=2),
            Block("paragraph", text.strip()),
            Block("heading", "Les créances", level=2),
            Block("paragraph", text.strip()),
        ),
    )
    passages = chunk(document, kind="doctrine", title="Cours de comptabilité").passages
    assert [(p.locator, p.heading_path) for p in passages] == [
        ("Les stocks", ("Cours", "Les stocks")),
        ("Les créances", ("Cours", "Les créances")),
    ]


def test_without_headings_the_page_is_the_locator() -> None:
    document = ParsedDocument("pdf", (Block("paragraph", "Un texte.", page=12),))
    assert chunk(document).passages[0].locator == "p. 12"


def test_a_table_stays_whole() -> None:
    rows = tuple((f"{n}", "Libellé du compte", "Débit") for n in range(80))
    document = ParsedDocument("docx", (Block("table", "\n".join(" | ".join(row) for row in rows), rows=rows),))
    assert len(chunk(document).passages) == 1


def test_a_long_table_repeats_its_header_row() -> None:
    rows = (("Compte", "Libellé"), *((f"{n}", "Fournisseurs et comptes rattachés") for n in range(300)))
    document = ParsedDocument("docx", (Block("table", "\n".join(" | ".join(row) for row in rows), rows=rows),))
    chunked = chunk(document)
    assert len(chunked.passages) > 2
    assert all(passage.text.startswith("Compte | Libellé\n") for passage in chunked.passages)
    assert sum(passage.text.count("rattachés") for passage in chunked.passages) == 300
    check_invariants(chunked)


def test_sections_of_a_few_words_are_joined() -> None:
    blocks = [
        block for n in range(6) for block in (Block("heading", f"Point {n}", level=1), Block("paragraph", "Oui."))
    ]
    passages = chunk(ParsedDocument("docx", tuple(blocks))).passages
    assert len(passages) < 3
    assert "Point 1" in passages[0].text


def test_the_tokenizer_counts_words_figures_and_signs() -> None:
    assert count_tokens("L'article 311 : 1.000.000 F.") == 12


def chart(*rows: AccountRow) -> ParsedDocument:
    return ParsedDocument("chart", tuple(Block("account", f"{r.number} {r.label}", account=r) for r in rows))


REVISED = "SYSCOHADA revise 2017"


def test_charts_give_one_passage_per_class_and_account() -> None:
    document = chart(
        AccountRow("40", "FOURNISSEURS ET COMPTES RATTACHÉS", REVISED),
        AccountRow("401", "FOURNISSEURS, DETTES EN COMPTE", REVISED),
        AccountRow("4011", "Fournisseurs", REVISED),
        AccountRow("6022", "hors Région", REVISED),
        AccountRow("602", "ACHATS DE MATIÈRES", REVISED),
        AccountRow("40", "FOURNISSEURS", "ancien plan"),
    )
    chunked = chunk(document, code="PCO", kind="chart", plan="column:plan")
    # an account is searched by the name of the one above it once, as a heading
    check_invariants(chunked, is_searched_whole=False)
    assert all(passage.text.partition("\n")[0] in passage.search_text for passage in chunked.passages)
    searched = [passage for passage in chunked.passages if passage.heading_path != ("SYSCOHADA ancien",)]
    assert all(passage.heading_path[-1] in passage.search_text for passage in searched)
    found = {p.locator: p for p in chunked.passages}
    account = found["Compte 401"]
    assert account.references == ("compte:syscohada-revise:401",)
    assert account.text == (
        "Compte 401 : FOURNISSEURS, DETTES EN COMPTE\n"
        "Subdivision du compte 40 : FOURNISSEURS ET COMPTES RATTACHÉS\n"
        "Sous-comptes : 4011 Fournisseurs"
    )
    assert found["Classe 4"].references == ("classe:syscohada-revise:4",)
    assert found["Classe 4"].text.startswith("Classe 4 : Comptes de tiers\n")
    # A label that means something only under its parent's finds it in path and text.
    assert found["Compte 6022"].heading_path[-1] == "602 ACHATS DE MATIÈRES"
    assert "ACHATS DE MATIÈRES" in found["Compte 6022"].text
    former = found["Compte 40 (SYSCOHADA ancien)"]
    assert former.plan == "syscohada-ancien"
    assert former.in_force == (date(2001, 1, 1), date(2018, 1, 1))
    assert found["Classe 4 (SYSCOHADA ancien)"].in_force == former.in_force
    # its title is shown, and in no text that is searched
    assert former.heading_path[0] == "SYSCOHADA ancien"
    assert not any("SYSCOHADA" in each.search_text for each in chunked.passages if each.plan == former.plan)
    assert account.search_text.startswith("SYSCOHADA révisé > ")
    assert account.in_force is None
    parents = {(a.number, a.plan): a.parent for a in chunked.accounts}
    assert parents["6022", "syscohada-revise"] == "602"
    assert len(chunked.accounts) == 6


def test_a_chart_of_the_former_plan_alone_begins_when_its_document_does() -> None:
    passages = chunk(chart(AccountRow("10", "Capital")), kind="chart", plan="ancien plan").passages
    assert {passage.in_force for passage in passages} == {(None, date(2018, 1, 1))}


@pytest.mark.parametrize(
    ("plan", "key"),
    [
        ("SYCEBNL", "sycebnl"),
        ("SYSCOHADA révisé", "syscohada-revise"),
        ("syscohada-ancien", "syscohada-ancien"),
        ("Maison 3", "maison-3"),
    ],
)
def test_the_plan_argument_holds_where_rows_name_none(plan: str, key: str) -> None:
    passages = chunk(chart(AccountRow("10", "Capital")), kind="chart", plan=plan).passages
    assert passages[-1].references == (f"compte:{key}:10",)


def test_a_chart_of_no_known_plan_makes_no_references() -> None:
    assert {p.references for p in chunk(chart(AccountRow("10", "Capital")), kind="chart").passages} == {()}
