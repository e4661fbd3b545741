"""What is read in a candidate, on passages whose signs can be counted by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from apps.rag import analysis
from apps.rag.calibration import RerankWeights
from apps.rag.retrieval.fit import fit, probe_of
from apps.rag.retrieval.signs import Cues, Letters, cues_of, read_signs, reading_score
from apps.rag.tests.passages import passage
from apps.rag.understanding.answerkinds import answer_kind
from apps.rag.understanding.lexicon import meanings

N = 100


def cues(text: str) -> Cues:
    """Return a question's cues over a corpus where every term and 4-gram is in ten of a hundred passages."""
    terms = dict.fromkeys(analysis.terms(text), 1.0)
    grams = dict.fromkeys(analysis.grams(text), 10)
    probe = probe_of(terms, meanings(text), dict.fromkeys(terms, 10), N, is_definition=False)
    return cues_of(text, probe, Letters(grams, grams, N), answer_kind(text))


def signs(question: str, text: str, **changes: Any) -> dict[str, float]:
    """Read a passage beside a question."""
    asked, read = cues(question), passage("AUSCGIE art. 1", text, **changes)
    return read_signs(read, fit(asked.probe, read), asked)


def test_neighbours_of_the_question_are_worth_more_when_the_passage_keeps_them_together() -> None:
    question = "le tribunal judiciaire"
    assert signs(question, "Le tribunal judiciaire statue.")["pairs"] == 1.0
    assert signs(question, "Le tribunal du ressort statue, et non le juge judiciaire.")["pairs"] == 0.0


def test_letters_find_words_that_lost_their_spaces() -> None:
    glued = signs("contrat electronique", "Lecontratelectronique est valable.")
    assert glued["coverage"] == 0.0
    assert glued["letters"] > 0.6
    assert signs("contrat electronique", "Une vente au marché.")["letters"] < 0.1


def test_a_yes_answers_a_question_that_asks_for_one_and_no_other() -> None:
    assert signs("Peut-on filmer la rue ?", "Non. La loi l'interdit.")["whether"] == 1.0
    assert signs("Comment peut-on filmer la rue ?", "Non. La loi l'interdit.")["whether"] == 0.0
    assert signs("Peut-on filmer la rue ?", "La nonne file.")["whether"] == 0.0


def test_the_first_words_and_the_headings_count_for_themselves() -> None:
    late = " ".join(f"mot{n} ecrit{n}" for n in range(40))
    assert signs("réserve légale", f"Réserve légale. {late}")["lead"] == 1.0
    assert signs("réserve légale", f"{late} Réserve légale.")["lead"] == 0.0
    assert signs("réserve légale", "Un dixième.", heading_path=("Réserve légale",))["titled"] == 1.0


def test_a_sum_is_the_kind_of_answer_that_is_asked_for() -> None:
    assert signs("Quel est le montant du capital ?", "Il est d'un million de francs.")["kind"] == 1.0
    assert signs("Quel est le montant du capital ?", "Il est fixé par les statuts.")["kind"] == 0.0


def test_the_figures_of_the_question_are_looked_for() -> None:
    assert signs("Le taux de 2025 et de 2026", "En 2026, il est de 18 %.")["figures"] == 0.5
    assert signs("Le taux de 2025", "Le taux.", heading_path=("Loi de finances 2025",))["figures"] == 1.0
    assert signs("Le taux de la taxe", "Le taux de 2026.")["figures"] == 0.0


def test_words_over_and_over_weigh_against_a_passage() -> None:
    once = "La réserve légale est dotée chaque année."
    again = "La réserve légale : la réserve légale, toujours la réserve légale."
    assert signs("réserve légale", once)["sparing"] > signs("réserve légale", again)["sparing"]
    assert signs("réserve légale", "Un dixième du bénéfice.")["sparing"] == 1.0
    # k1 1.2, b 0.75: two terms once in a text of 120
    long = " ".join(("réserve légale", *(f"mot{n}" for n in range(118))))
    assert signs("réserve légale", long)["sparing"] == pytest.approx(1.0 - 1.0 / 2.2)


def test_a_phrase_is_met_with_its_small_words_or_not_at_all() -> None:
    question = "mise en demeure de payer"
    assert signs(question, "Après une mise en demeure de payer.")["phrase"] == 1.0
    # "mise en", "en demeure", and neither "demeure de" nor "de payer"
    assert signs(question, "La MISE EN DEMEURE, puis le moyen pour payer.")["phrase"] == 0.5
    assert signs(question, "La mise au point d'une demeure payée.")["phrase"] == 0.0
    assert signs("impayé", "Un impayé.")["phrase"] == 0.0, "one word has no neighbour"


def test_a_passage_is_brief_by_its_different_words() -> None:
    once, long = "Réserve légale.", " ".join(f"mot{n}" for n in range(400))
    assert signs("réserve", once)["brief"] == pytest.approx(1.0 - math.log(3) / math.log(401))
    assert signs("réserve", f"{once} {once} {once}")["brief"] == signs("réserve", once)["brief"]
    assert signs("réserve", long)["brief"] == pytest.approx(0.0)
    assert signs("réserve", f"{long} {once}")["brief"] == 0.0


def test_the_score_is_the_weighted_sum() -> None:
    asked, read = cues("réserve légale"), passage("AUSCGIE art. 1", "La réserve légale.")
    found = fit(asked.probe, read)
    weights = RerankWeights(coverage=0.5, letters=2.0)
    expected = 0.5 * found.coverage + 2.0 * read_signs(read, found, asked)["letters"]
    assert reading_score(read, found, asked, weights) == pytest.approx(expected)


def test_what_says_the_one_word_of_a_question_over_and_over_is_no_worse_than_others() -> None:
    asked = "qu'est-ce que la réserve"
    again, once = signs(asked, "La réserve. La réserve est une réserve."), signs(asked, "La réserve est constituée.")
    assert again["sparing"] == once["sparing"]


def test_what_is_asked_of_a_capital_is_said_of_no_other_sum() -> None:
    says = answer_kind("quel est le capital minimum d'une SAS ?")
    assert says is not None
    assert says.search("le capital social doit etre d'un million (1.000.000) de francs cfa au moins")
    assert says.search("le montant du capital social est fixe par les statuts")
    assert not says.search("total du bilan superieur a cent vingt cinq millions (125.000.000) de francs cfa")
