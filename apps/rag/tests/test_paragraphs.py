"""What is quoted beside the sentences that answer: paragraphs, what points back, what stands next to them."""

from __future__ import annotations

from apps.rag.generation.extractive import draft
from apps.rag.generation.paragraphs import filled_up
from apps.rag.generation.parts import parts_of
from apps.rag.tests.passages import found, passage, question

RULE = "En cas de vacance d'un siège, le conseil d'administration peut désigner de nouveaux administrateurs."
TERM = "Il dispose pour cela de trois mois. Toutefois, ce délai est d'un mois pour une société cotée."
NEGLECT = "Lorsque le conseil néglige de procéder aux nominations, tout intéressé peut demander un mandataire."
RATIFIED = "Les nominations sont soumises à la ratification de la plus prochaine assemblée générale ordinaire."
ARTICLE = "\n".join((RULE, TERM, NEGLECT, RATIFIED))


def quoted(start: int, max_chars: int) -> str:
    parts = parts_of(ARTICLE)
    kept = filled_up(ARTICLE, parts, {start}, max_chars)
    return " ".join(parts[i].text for i in sorted(kept))


def test_what_points_back_is_quoted_even_where_there_is_little_room() -> None:
    assert "société cotée" in quoted(1, 80)
    assert RULE not in quoted(1, 80)


def test_the_rest_of_a_paragraph_comes_before_the_next_one() -> None:
    assert quoted(2, 110).startswith("Il dispose")
    assert NEGLECT not in quoted(2, 110)


def test_with_room_left_an_article_is_quoted_whole() -> None:
    assert quoted(4, 400).split() == ARTICLE.split()


def test_an_article_on_its_own_is_not_torn_to_pieces() -> None:
    long = "\n".join(
        (ARTICLE, *(f"La règle {n} vaut aussi pour les membres du comité et leurs suppléants." for n in range(17)))
    )
    text = draft(
        question("Un administrateur est mort, qui désigne le nouveau ?"), found(passage("AUSCGIE art. 429", long))
    )
    assert RULE in text
    assert "société cotée" in text
    assert "[…]" not in text
