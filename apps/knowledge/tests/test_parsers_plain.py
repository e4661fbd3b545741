import time

from apps.knowledge.parsers.plain import read_plain


def found(text: str) -> list[tuple[str, str, int | None]]:
    return [(block.kind, block.text, block.level) for block in read_plain(text).blocks]


def test_markdown_structure_is_kept() -> None:
    text = (
        '---\ntitle: "La TVA"\n---\n# Principe\n\nUne **taxe**\nsur [la valeur](x).\n\n3. facture\n4. paiement\n'
        "   - détail\n\n| Compte | Libellé |\n|---|---|\n| 443 | TVA facturée |\n\n## Suite\n\nFin."
    )
    document = read_plain(text)
    assert (document.format, document.title) == ("markdown", "La TVA")
    assert found(text) == [
        ("heading", "Principe", 1),
        ("paragraph", "Une taxe sur la valeur.", None),
        ("list", "3. facture", 1),
        ("list", "4. paiement", 1),
        ("list", "- détail", 2),
        ("table", "Compte | Libellé\n443 | TVA facturée", None),
        ("heading", "Suite", 2),
        ("paragraph", "Fin.", None),
    ]


def test_the_first_heading_is_the_title_without_front_matter() -> None:
    assert read_plain("# Les stocks\n\nTexte.").title == "Les stocks"


def test_wrapped_lines_of_plain_text_are_joined_and_articles_found() -> None:
    text = (
        "Article 1er : La présente loi fixe les règles applicables aux sociétés à\n"
        "capitaux publics.\n\n- une ligne\n- une autre\n\nArticle 2\nLe ministre est chargé de l'exécution.\n"
    )
    assert found(text) == [
        ("heading", "Article 1er", 9),
        ("paragraph", "La présente loi fixe les règles applicables aux sociétés à capitaux publics.", None),
        ("list", "- une ligne", None),
        ("list", "- une autre", None),
        ("heading", "Article 2", 9),
        ("paragraph", "Le ministre est chargé de l'exécution.", None),
    ]


def test_control_characters_never_reach_the_text() -> None:
    assert found("Un\x00 mot\u200b caché\u00a0: oui") == [("paragraph", "Un mot caché : oui", None)]


def test_a_file_of_empty_lines_takes_no_time() -> None:
    started = time.monotonic()
    assert found("\n" * 200_000 + "mot") == [("paragraph", "mot", None)]
    assert time.monotonic() - started < 5
