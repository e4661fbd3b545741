import pytest

from apps.knowledge.parsers.lawtext import ARTICLE_RANK, read_structure


@pytest.mark.parametrize(
    ("line", "number", "rest"),
    [
        ("Article 311", "311", ""),
        ("Article 269-2-1", "269-2-1", ""),
        ("ARTICLE 822-10-1", "822-10-1", ""),
        ("ARTICLE PREMIER", "PREMIER", ""),
        ("Article 1er", "1er", ""),
        ("Article 5 : La société est dissoute.", "5", "La société est dissoute."),
        ("Art. 12.- Le greffier tient un registre.", "12", "Le greffier tient un registre."),
        ("Article L.5.", "L.5", ""),
        ("Article 23 bis", "23bis", ""),
        ("Art. 86A Taux de l'impôt", "86A", "Taux de l'impôt"),
        ("Art. 122-A (L.F. 2025) Le taux est fixé", "122-A", "(L.F. 2025) Le taux est fixé"),
        ("Article 86 A : Taux de l'impôt", "86A", "Taux de l'impôt"),
        ("Article 171 B", "171B", ""),
        ("Article 5 A l'expiration du délai", "5", "A l'expiration du délai"),
        ("Article 5 - Le taux est fixé", "5", "Le taux est fixé"),
        ("Article 2 (nouveau)", "2", ""),
        ("« Article 14 : Le juge statue.", "14", "Le juge statue."),
        ("ARTICLE 6 Le comité se réunit.", "6", "Le comité se réunit."),
    ],
)
def test_it_reads_articles(line: str, number: str, rest: str) -> None:
    structure = read_structure(line)
    assert structure is not None
    assert (structure.rank, structure.number, structure.rest) == (ARTICLE_RANK, number, rest)


@pytest.mark.parametrize(
    ("line", "rank", "rest"),
    [
        ("LIVRE I", 2, ""),
        ("Titre 1 - Définition de la société", 3, "Définition de la société"),
        ("CHAPITRE PRELIMINAIRE", 5, ""),
        ("CHAPITRE II: LA PREUVE", 5, "LA PREUVE"),
        ("Sous-section 3 – Effets", 7, "Effets"),
        ("PREMIERE PARTIE", 1, ""),
        ("Partie 2 - Dispositions particulières", 1, "Dispositions particulières"),
        ("Paragraphe Premier", 8, ""),
    ],
)
def test_it_reads_divisions(line: str, rank: int, rest: str) -> None:
    structure = read_structure(line)
    assert structure is not None
    assert (structure.rank, structure.number, structure.rest) == (rank, "", rest)


@pytest.mark.parametrize(
    "line",
    [
        "Article 5 du présent Acte uniforme",
        "Article 5, alinéa 2, du même acte",
        "articles 694 et suivants du présent Acte",
        "Articles 3 et 4",
        "article 12",
        "Titre II du présent livre, les sociétés",
        "Section 2 ci-dessus sont applicables.",
        "Titres sociaux",
        "Partie civile",
        "Chapitre",
        "Livre de paie",
        "Article",
    ],
)
def test_sentences_that_mention_a_place_are_text(line: str) -> None:
    assert read_structure(line) is None


def test_another_acts_article_keeps_its_qualifier() -> None:
    structure = read_structure("NOUVEL ARTICLE 132 AU/DCG")
    assert structure is not None
    assert (structure.number, structure.qualifier, structure.label) == ("132", "AU/DCG", "Article 132 AU/DCG")
