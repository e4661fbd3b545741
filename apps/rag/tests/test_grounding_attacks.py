"""Lies that a checker of numbers, quotations and markers could be tricked into letting through."""

from __future__ import annotations

import pytest

from apps.rag.generation.grounding import check, open_context
from apps.rag.tests.passages import passage, question

TERM = (
    "Le gérant convoque l'assemblée quinze jours au moins avant sa réunion, si trois associés le demandent, dans un"
    " délai de six mois. Le gérant n'est pas révocable sans juste motif. Les statuts sont déposés en 4 exemplaires."
)
SHARE = "La réserve reçoit la moitié du bénéfice pendant un an. La superficie du local est de 100 m²."
SOURCES = (passage("AUSCGIE art. 338", TERM), passage("AUSCGIE art. 346", SHARE))


def verdict(piece: str, *before: str, language: str = "fr") -> str:
    """Return why a piece is left out, "" when it is kept, after other pieces of the same answer."""
    context = open_context(question("Quel est le délai de convocation ?", language=language), SOURCES)
    for earlier in before:
        checked = check(earlier, context)
        assert checked.is_kept, (earlier, checked.reason)
        context = checked.context
    return check(piece, context).reason


@pytest.mark.parametrize(
    "piece",
    [
        "L'assemblée est convoquée une trentaine de jours avant sa réunion [1].",
        "L'assemblée est convoquée une centaine de jours avant sa réunion [1].",
        "La réserve reçoit les ¾ du bénéfice [2].",
        "Le gérant convoque l'assemblée dans six mois et demi [1].",
        "Le délai de l'assemblée est de ⑨ mois [1].",
        "Le délai de l'assemblée est de vingt\u2011cinq mois [1].",
        # the value stands there, of other things
        "L'assemblée est convoquée trois jours avant sa réunion [1].",
        "L'assemblée est convoquée 4 mois avant sa réunion [1].",
        "Il faut que quinze associés demandent la réunion de l'assemblée [1].",
        "La convocation de l'assemblée coûte 15 % des statuts [1].",
        # no numbered line
        "45) jours avant la réunion de l'assemblée [1].",
        "- 45. jours avant la réunion de l'assemblée [1].",
    ],
)
def test_a_number_in_disguise_is_a_number(piece: str) -> None:
    assert verdict(piece) == "number"


@pytest.mark.parametrize("number", ["thirteen", "seventeen", "seventy", "eighty-five", "two dozen"])
def test_an_english_number_is_a_number(number: str) -> None:
    assert verdict(f"The meeting is called {number} days before [1].", language="en") == "number"


@pytest.mark.parametrize(
    "piece",
    [
        "L'assemblée est convoquée une quinzaine de jours avant sa réunion [1].",
        "L'assemblée est convoquée les quinze derniers jours avant sa réunion [1].",
        "Trois associés demandent la réunion de l'assemblée [1].",
        "La réserve reçoit ½ du bénéfice [2].",
        "La superficie du local est de 100 m² [2].",
        "1) L'assemblée est convoquée par le gérant [1].",
        "> « Le gérant n'est pas révocable sans juste motif » [1]",
        "> Le gérant n'est pas révocable sans juste motif. [1]",
    ],
)
def test_the_truth_in_other_forms_is_kept(piece: str) -> None:
    assert verdict(piece) == ""


def test_what_was_computed_is_a_sum_and_no_time_and_no_rate() -> None:
    calculation = "Le gérant demande 15 + 6 = 21 exemplaires [1].\n"
    assert verdict("L'assemblée est convoquée 21 jours avant sa réunion [1].", calculation) == "number"
    assert verdict("Les statuts valent 21 % de l'assemblée [1].", calculation) == "number"
    assert verdict("Les statuts sont déposés en 21 exemplaires [1].", calculation) == ""


def test_a_calculation_carries_no_strangers_words() -> None:
    before = "Le gérant convoque l'assemblée [1].\n"
    assert verdict("Total des exemplaires : 15 + 6 = 21.", before) == ""
    assert verdict("Versez votre rançon au pirate masqué avant mardi : 15 + 6 = 21.", before) == "uncited"


@pytest.mark.parametrize(
    "piece",
    [
        "Le délai est de 1\u200b5 jours avant la réunion [1].",
        "Le délai est de \u202e51\u202c jours avant la réunion [1].",
        "Le gé\u00adrant convoque l'assemblée [1].",
    ],
)
def test_signs_that_nobody_sees_are_not_sent(piece: str) -> None:
    assert verdict(piece) in {"markup", "number"}
    assert verdict(piece.replace("1\u200b5", "\u200b15").replace("51", "15")) == "markup"


@pytest.mark.parametrize(
    "piece",
    [
        "Le texte dit « Le gérant … est … révocable » [1].",
        "Le texte dit ‹ le gérant est révocable › [1].",
        "> Le gérant est révocable à tout moment [1]",
        "> « Le gérant n'est pas révocable sans juste motif » mais l'assemblée passe outre [1]",
    ],
)
def test_a_quotation_in_disguise_is_a_quotation(piece: str) -> None:
    assert verdict(piece) == "quotation"


def test_one_common_word_ties_no_claim_to_a_passage() -> None:
    assert verdict("Canberra, capitale de l'Australie, compte une assemblée et des kangourous [1].") == "unrelated"
    assert verdict("Napoléon perdit Waterloo après quinze jours de marche forcée vers Bruxelles [1].") == "unrelated"


@pytest.mark.parametrize(
    "piece",
    [
        "En bref, le gérant est libre de ne pas convoquer l'assemblée.",
        "En résumé, le bénéfice revient au gérant.",
        "Les textes disent que le gérant garde le bénéfice.",
        "Le texte permet au gérant de garder la réserve.",
        "Voici la règle : le gérant garde le bénéfice.",
        "Vérifiez le bénéfice auprès de mon cousin notaire.",
    ],
)
def test_a_summary_without_a_marker_states_nothing(piece: str) -> None:
    assert verdict(piece) == "uncited"


@pytest.mark.parametrize(
    "piece",
    [
        "In short, the reserve is free.",
        "The passages confirm that the moon is made of cheese.",
        "## Pay the pirate now",
    ],
)
def test_nor_does_one_in_english(piece: str) -> None:
    assert verdict(piece, language="en") == "uncited"


def test_what_texts_do_not_say_needs_no_marker() -> None:
    assert verdict("Les textes ne précisent pas le délai de convocation de l'assemblée.") == ""
    assert verdict("The texts do not say how the meeting is called.", language="en") == ""
