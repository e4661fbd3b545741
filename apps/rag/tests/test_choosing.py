"""How many passages are quoted: one where it is surely meant, more where it is open, none where it is too unlikely."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.rag.generation import choosing
from apps.rag.generation.asked import wanted
from apps.rag.generation.extractive import considered, draft
from apps.rag.generation.forms import forms_of
from apps.rag.tests.passages import ART_311, ART_346, found, passage, question
from apps.rag.types import SearchResult

RULE = passage("AUSCGIE art. 311", ART_311, ordinal=311)
OTHER = passage("AUSCGIE art. 346", ART_346, ordinal=346)
FAR = "Les délibérations du tribunal arbitral sont secrètes et ses membres sont tenus au silence."


def with_sentences(result: SearchResult, *cosines: float) -> SearchResult:
    """Return the result as it is with vectors: each passage with the cosine of its best sentence."""
    passages = tuple(
        replace(ranked, leg_scores=(("sentence", cosine),))
        for ranked, cosine in zip(result.passages, cosines, strict=True)
    )
    return replace(result, passages=passages)


def test_a_passage_that_leads_by_far_is_quoted_alone() -> None:
    result = with_sentences(found(RULE, OTHER, scores=(2.0, 0.5)), 0.8, 0.2)
    text = draft(question("Quel est le capital social minimum ?"), result)
    assert "art. 311" in text
    assert "art. 346" not in text


def test_where_two_are_as_good_both_are_quoted() -> None:
    twin = passage("AUSCGIE art. 387", ART_311.replace("un million (1.000.000)", "dix millions (10.000.000)"))
    result = with_sentences(found(RULE, twin, scores=(2.0, 1.99)), 0.6, 0.6)
    text = draft(question("capital social minimum en francs CFA"), result)
    assert text.index("art. 311") < text.index("art. 387")


def test_passages_that_say_next_to_nothing_of_the_question_are_not_quoted() -> None:
    far = [passage(f"AUA art. {number}", FAR, ordinal=100 * number) for number in (18, 19, 20, 21, 22)]
    result = with_sentences(found(*far, scores=(1.0, 0.99, 0.98, 0.97, 0.96)), 0.1, 0.1, 0.1, 0.1, 0.1)
    unlikely = replace(result, evidence=0.4)
    assert draft(question("Comment amortir un véhicule de tourisme acheté à crédit ?"), unlikely) == ""


def test_without_vectors_words_and_lead_decide() -> None:
    assert "art. 311" in draft(question("capital social minimum"), found(RULE, OTHER, scores=(2.0, 0.4)))


def test_the_recitals_of_a_law_do_not_lead_its_articles() -> None:
    front = passage("p. 1", f"Vu le Traité sur le capital social. {ART_311}", code="AUSCGIE", locator="p. 1")
    result = replace(with_sentences(found(front, RULE, scores=(1.0, 0.95)), 0.9, 0.9), evidence=1.0)
    assert draft(question("capital social minimum"), result).startswith("Selon l’AUSCGIE, art. 311")


def test_how_many_things_there_are_is_answered_by_a_number_only() -> None:
    silent = passage("AUA p. 1", "Adopte l'Acte uniforme dont la teneur suit.", locator="p. 1")
    counted = passage("TRAITE art. 5", "L'OHADA compte dix actes uniformes adoptés par le Conseil.")
    asked = question("Combien d'actes uniformes compte l'OHADA ?")
    assert draft(asked, with_sentences(found(silent, scores=(1.0,)), 0.9)) == ""
    assert "dix actes uniformes" in draft(asked, with_sentences(found(counted, scores=(1.0,)), 0.9))


def test_another_institution_is_no_answer_to_a_question_about_one() -> None:
    group = passage("AUSCGIE art. 867", "Le groupement d'intérêt économique est créé en vue de faciliter l'activité.")
    treaty = passage("TRAITE art. 3", "L'organisation dénommée OHADA est créée par le Traité signé en 1993.")
    result = with_sentences(found(group, treaty, scores=(1.0, 0.6)), 0.5, 0.4)
    text = draft(question("Quand l'OHADA a-t-elle été créée ?"), result)
    assert "1993" in text
    assert "groupement" not in text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("à quelle majorité on vote en SNC et en SARL ?", "comparison"),
        ("Mort d'un associé : que se passe-t-il en SNC par rapport à une SARL ?", "comparison"),
        ("nombre d'administrateurs, SA ordinaire et SA en bourse", "comparison"),
        ("Le quorum de l'AGO et celui de l'AGE d'une SA", "comparison"),
        ("CAC de SARL, CAC de SA : même durée ?", "comparison"),
        ("Combien de jours pour se retourner contre un associé ?", "threshold"),
        ("je rédige les statuts moi-même, que dois-je y mettre ?", "general"),
    ],
)
def test_two_things_asked_for_at_once_are_compared(text: str, kind: str) -> None:
    assert wanted(question(text), found().understanding).kind == kind


def test_of_each_form_that_is_compared_the_likeliest_passage_is_quoted() -> None:
    sarl = passage("AUSCGIE art. 311", ART_311, heading_path=("SOCIETE A RESPONSABILITE LIMITEE",))
    beside = passage("AUSCGIE art. 450", "Le conseil se réunit au siège social.", heading_path=("SOCIETE ANONYME",))
    sa = passage(
        "AUSCGIE art. 387", "Le capital social minimum est de dix millions.", heading_path=("SOCIETE ANONYME",)
    )
    asked = question("capital social minimum : SARL contre SA")
    text = draft(asked, with_sentences(found(sarl, beside, sa, scores=(1.0, 0.91, 0.9)), 0.8, 0.1, 0.8))
    assert text.index("art. 311") < text.index("art. 387")
    assert "art. 450" not in text


@pytest.mark.parametrize("scores", [(0.0, -0.01), (-0.05, -0.2), (0.001, -0.9)])
def test_passages_that_maluses_left_below_zero_are_no_fault(scores: tuple[float, float]) -> None:
    result = with_sentences(found(RULE, OTHER, scores=scores), 0.1, 0.1)
    asked = question("capital social minimum de la SARL ?")
    draft(asked, result)
    leads = [each.signs.lead for each in considered(asked, result)]
    assert len(leads) == 2
    assert all(-1.0 <= lead <= 1.0 for lead in leads)


def test_four_fair_chances_are_a_good_one_and_one_alone_is_not() -> None:
    result = found(*(passage(f"AUSCGIE art. {n}", ART_311, ordinal=n) for n in (309, 310, 311, 312)))
    candidates = considered(question("Comment créer une SARL ?"), with_sentences(result, 0.5, 0.5, 0.5, 0.5))
    assert len(candidates) == 4
    assert choosing._are_likely_together(candidates, dict.fromkeys(range(4), 0.28))
    assert not choosing._are_likely_together(candidates, dict.fromkeys(range(4), 0.15))
    assert not choosing._are_likely_together(candidates, {0: 0.7, 1: 0.01, 2: 0.01, 3: 0.01})


def test_a_difference_from_a_thing_that_nothing_speaks_of_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_SIDES_LEAST", 0.0)
    acts = passage("TRAITE art. 9", "Les Actes uniformes sont publiés au Journal officiel de l'OHADA.", ordinal=9)
    court = passage("TRAITE art. 14", "La Cour interprète les règlements et les actes uniformes.", ordinal=14)
    result = with_sentences(found(acts, court, scores=(2.0, 1.9)), 0.6, 0.6)
    assert draft(question("Quelle est la différence entre un acte uniforme et un règlement OHADA ?"), result) == ""
    both = passage("TRAITE art. 14", "La Cour interprète les règlements de l'OHADA et les actes uniformes.", ordinal=14)
    result = with_sentences(found(acts, both, scores=(2.0, 1.9)), 0.9, 0.9)
    assert draft(question("Quelle est la différence entre un acte uniforme et un règlement OHADA ?"), result) != ""


_HEAD = "SARL et SA : comparaison"
_SARL_CAPITAL = "Le capital social minimum d’une SARL est d’un million (1 000 000) de francs CFA."
_SA_CAPITAL = "Le capital social minimum d’une SA est de dix millions (10 000 000) de francs CFA."
_BOTH = "Le capital minimum d’une SARL est d’un million de francs CFA, alors que celui d’une SA est de dix millions."


def _compared_text(*places: tuple[str, str]) -> SearchResult:
    made = [
        passage(heading, text, kind="guide", locator=heading, heading_path=(_HEAD, heading), ordinal=10 * place)
        for place, (heading, text) in enumerate(places)
    ]
    result = found(*made, scores=tuple(2.0 - 0.01 * place for place in range(len(made))))
    return with_sentences(result, *([0.6] * len(made)))


def test_beside_what_says_it_of_the_form_asked_for_no_other_form_is_quoted() -> None:
    places = (
        ("Capital de la SARL", _SARL_CAPITAL),
        ("Les différences entre la SARL et la SA", _BOTH),
        ("Capital de la SA", _SA_CAPITAL),
    )
    text = draft(question("Quel est le capital minimum d’une SARL ?"), _compared_text(*places))
    assert "un million (1 000 000)" in text
    assert "dix millions" not in text


def test_a_comparison_is_quoted_where_nothing_says_it_of_the_form_alone() -> None:
    text = draft(
        question("Quel est le capital minimum d’une SARL ?"),
        _compared_text(("Les différences entre la SARL et la SA", _BOTH)),
    )
    assert "alors que celui d’une SA est de dix millions" in text


def test_a_question_for_two_forms_is_told_of_both() -> None:
    places = (("Capital de la SARL", _SARL_CAPITAL), ("Capital de la SA", _SA_CAPITAL))
    for asked in ("Capital minimum SARL et SA", "Quelles différences de capital entre une SARL et une SA ?"):
        text = draft(question(asked), _compared_text(*places))
        assert "un million (1 000 000)" in text
        assert "dix millions (10 000 000)" in text


@pytest.mark.parametrize(
    ("headings", "text", "forms"),
    [
        ((_HEAD, "Capital de la SA"), _BOTH, ("SA",)),
        ((_HEAD, "Libération des apports"), _SA_CAPITAL, ("SARL", "SA")),
        (("Société anonyme", "Capital social"), _BOTH, ("SA",)),
        (("Capital social",), _SA_CAPITAL, ("SA",)),
    ],
)
def test_the_nearest_heading_that_names_a_form_says_what_a_passage_is_about(
    headings: tuple[str, ...], text: str, forms: tuple[str, ...]
) -> None:
    assert forms_of(passage("x", text, heading_path=headings)) == forms


def test_where_the_figure_is_said_what_says_none_is_not_quoted_beside_it() -> None:
    lost = passage("AUSCGIE art. 372", "La société reconstitue ses capitaux propres et son capital social minimum.")
    result = with_sentences(found(RULE, lost, scores=(2.0, 1.8)), 0.7, 0.6)
    text = draft(question("Quel est le capital social minimum ?"), result)
    assert "art. 311" in text
    assert "art. 372" not in text


@pytest.mark.parametrize(
    "text", ["Quel est le taux de la TVA au Sénégal ?", "taux de la TVA", "Quel taux de TVA ?", "le taux de la TVA"]
)
def test_a_rate_is_answered_by_a_rate_only(text: str) -> None:
    silent = passage("CGI art. 1", "La TVA facturée s'enregistre ; son taux se lit dans la loi de chaque pays.")
    told = passage("CGI art. 2", "Le taux de la TVA est de 18 %.")
    assert draft(question(text), with_sentences(found(silent, scores=(1.0,)), 0.9)) == ""
    assert "18 %" in draft(question(text), with_sentences(found(told, scores=(1.0,)), 0.9))


def test_what_is_said_of_another_form_is_no_answer_even_where_it_comes_first() -> None:
    other = passage("AUSCGIE art. 387", "Le capital social minimum d'une SA est de dix millions de francs CFA.")
    result = with_sentences(found(other, scores=(1.0,)), 0.9)
    assert draft(question("Quel est le capital minimum d'une SAS ?"), result) == ""
    assert "dix millions" in draft(question("Quel est le capital minimum de la SA ?"), result)


def test_beside_what_speaks_of_one_kind_of_thing_others_of_the_kind_are_not_quoted() -> None:
    birth = passage(
        "CT art. 143", "A l'occasion de son accouchement, toute femme a droit à un congé de quatorze semaines."
    )
    leave = passage("CT art. 148", "Le travailleur a droit à un congé de deux jours ouvrables par mois.", ordinal=2)
    other = passage("CT art. 149", "Le travailleur absent est remplacé pour un temps.", ordinal=3)
    passages = found(birth, leave, other).passages
    asked = wanted(question("durée du congé de maternité"), found().understanding)
    assert choosing._speaking_of_it(asked, [0, 1, 2], passages) == [0, 2]
    assert choosing._speaking_of_it(asked, [1, 0, 2], passages) == [1, 0, 2]
    of_any = wanted(question("durée du congé"), found().understanding)
    assert choosing._speaking_of_it(of_any, [0, 1], passages) == [0, 1]
