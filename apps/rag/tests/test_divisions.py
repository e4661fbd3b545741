"""Headings that stand at the end of the passage before."""

from __future__ import annotations

from apps.rag.evaluation.divisions import undivided

LAW = (
    "Les associés choisissent la forme.\nLivre 1 - Constitution\nTitre 3 - Statuts\nChapitre 1 - Forme des statuts",
    "Les statuts sont écrits.",
    "Ils sont déposés.\nChapitre 2 - Déclaration de régularité ou\nnotariée de souscription\nSociétés visées",
    "La déclaration est signée.\nDurée des fonctions",
    "Elle vaut\nquatre ans\n8 / 22",
    "Elle prend fin.\nLivre 2 - Fonctionnement\n19 / 22",
    "La société fonctionne.",
)


def test_headings_go_to_the_passages_that_follow_and_go_with_their_level() -> None:
    texts, headings = zip(*undivided(LAW), strict=True)
    first = ("Livre 1 - Constitution", "Titre 3 - Statuts")
    second = (*first, "Chapitre 2 - Déclaration de régularité ou notariée de souscription")
    assert headings == (
        (),
        (*first, "Chapitre 1 - Forme des statuts"),
        (*first, "Chapitre 1 - Forme des statuts"),
        (*second, "Sociétés visées"),
        (*second, "Durée des fonctions"),
        (*second, "Durée des fonctions"),
        ("Livre 2 - Fonctionnement",),
    )
    assert texts[0] == "Les associés choisissent la forme."
    assert texts[3] == "La déclaration est signée."


def test_a_sentence_without_a_full_stop_stays_in_its_passage() -> None:
    for text in (
        "La gérance est libre.\nLes apports en industrie sont interdits",
        "Il est tenu\ncompte de la section 1 du\nchapitre 2 - du présent livre",
        "Une seule ligne sans point",
        LAW[4],
    ):
        assert [own for own, _ in undivided([text])] == [text]
