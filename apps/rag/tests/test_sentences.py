"""Sentences of legal text, and the pieces of a stream."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from apps.rag.generation.sentences import MAX_HELD_CHARS, next_piece_end, split_sentences


def pieces_of(text: str) -> list[str]:
    return [" ".join(text[s.start : s.end].split()) for s in split_sentences(text)]


def streamed(text: str, sizes: random.Random | None = None) -> list[str]:
    pieces, buffer, position = [], "", 0
    while position < len(text) or buffer:
        step = sizes.randint(1, 12) if sizes else len(text)
        buffer, position = buffer + text[position : position + step], position + step
        is_last = position >= len(text)
        while end := next_piece_end(buffer, is_last=is_last):
            pieces.append(buffer[:end])
            buffer = buffer[end:]
    return pieces


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("Selon l'art. 311 de l'acte, le capital est libre. Il est divisé.", 2),
        ("La société Dupont S.A. est anonyme. La T.V.A. est due.", 2),
        ("Il s'agit d'une S.A. Le capital est de 10.000.000 F. Voir al. 2 et p. 45.", 3),
        ("M. Ndiaye et Mme. Sow, cf. art. 5, sont gérants.", 1),
        ("Le taux est de 1.5 % environ. Et ensuite ?", 2),
        ("Il est dit « La société est nulle. Elle est dissoute. » par le juge. Fin.", 2),
        ("Le compte n° 401. Le compte n° 411.", 2),
        ("Sont exclus les frais, honoraires, etc. Les autres sont admis.", 2),
        ("Sont admis les frais, honoraires, etc. engagés.", 1),
    ],
)
def test_abbreviations_do_not_end_a_sentence(text: str, n: int) -> None:
    assert len(split_sentences(text)) == n


def test_a_wrapped_paragraph_is_not_cut_at_its_lines() -> None:
    text = (
        "Le capital social doit être d'un million de francs au moins selon la loi. Il\nest divisé en parts égales"
        " dont la\nvaleur est fixée."
    )
    assert pieces_of(text)[1] == "Il est divisé en parts égales dont la valeur est fixée."


def test_list_lines_and_table_rows_stand_alone() -> None:
    text = "Sont nuls :\n- les contrats ;\n- les titres.\n1°) un acte ;\na) une date ;\n| a | b |\n| 1 | 2 |"
    found = split_sentences(text)
    assert [text[s.start : s.end] for s in found] == text.split("\n")
    assert [s.kind for s in found] == ["sentence", "list", "list", "list", "list", "table", "table"]


def test_every_word_is_in_exactly_one_sentence() -> None:
    generator = random.Random(7)
    alphabet = [
        "le",
        "La",
        "art.",
        "S.A.",
        "1.000",
        "«",
        "»",
        ".",
        ":",
        ";",
        "\n",
        "\n\n",
        "- ",
        "1°) ",
        "(10 %)",
        "[1]",
        "a)",
        "|",
        "…",
    ]
    for _ in range(400):
        text = " ".join(generator.choice(alphabet) for _ in range(generator.randint(1, 60)))
        found = split_sentences(text)
        assert all(s.start < s.end for s in found)
        assert all(a.end <= b.start for a, b in pairwise(found))
        assert "".join("".join(text[s.start : s.end].split()) for s in found) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Un fait [1]. Un autre. [2] Fin.", ["Un fait [1]. ", "Un autre. [2] ", "Fin."]),
        ("Un fait.[1] Un autre.", ["Un fait.[1] ", "Un autre."]),
        ("« Une règle. Deux règles. » [1] Suite", ["« Une règle. Deux règles. » [1] Suite"]),
        ("Selon l'art. 5 [1]. Voir", ["Selon l'art. 5 [1]. ", "Voir"]),
        ("- un [1]\n- deux [2]\n", ["- un [1]\n", "- deux [2]\n"]),
        ("| a | 1.5 |\n|---|---|\nFin", ["| a | 1.5 |\n", "|---|---|\n", "Fin"]),
        ("1. Premier point [1].\n2. Second [2].", ["1. Premier point [1].\n", "2. Second [2]."]),
        ("Le taux est de 1.5 % [1]. **Gras** suit.", ["Le taux est de 1.5 % [1]. ", "**Gras** suit."]),
    ],
)
def test_a_stream_is_cut_into_checkable_pieces(text: str, pieces: list[str]) -> None:
    assert streamed(text) == pieces


def test_pieces_do_not_depend_on_how_the_stream_was_cut() -> None:
    generator = random.Random(3)
    words = [
        "Le",
        "la",
        "art.",
        "5",
        "S.A.",
        "[1]",
        "[1].",
        "fin.",
        "«",
        "»",
        "\n",
        "\n\n",
        "-",
        "10",
        "%",
        "…",
        "?",
        "etc.",
        "**",
        '"',
        "[2",
        "]",
    ]
    for _ in range(300):
        text = " ".join(generator.choice(words) for _ in range(generator.randint(1, 40)))
        whole = streamed(text)
        assert "".join(whole) == text
        assert streamed(text, random.Random(generator.random())) == whole


def test_a_quotation_that_never_closes_is_not_held_for_ever() -> None:
    pieces = streamed("« " + "mot " * 3_000)
    assert len(pieces) > 1
    assert max(len(piece) for piece in pieces) <= MAX_HELD_CHARS


def test_a_quotation_that_is_never_closed_swallows_no_other_paragraph() -> None:
    draft = "Le texte dit : « rien [1].\n\nLe capital est fixé [1]. Il dit « tout » [2].\n"
    end = next_piece_end(draft, is_last=False)
    assert draft[:end] == "Le texte dit : « rien [1].\n"
    assert next_piece_end("Il dit : « un\n\ndeux » [1].\n", is_last=False) == len("Il dit : « un\n\ndeux » [1].\n")
