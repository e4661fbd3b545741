"""Claims that turn round what they cite, and claims that say the same in other words."""

from __future__ import annotations

import re

import pytest

from apps.rag.generation.grounding import check, open_context
from apps.rag.tests.datasets import needs_data
from apps.rag.tests.lies import truths
from apps.rag.tests.passages import ART_311, ART_346, ART_697, from_corpus, passage, question
from apps.rag.types import Passage

FOUNDING = (
    "La société déclare sa constitution dans les trente (30) jours au bureau de l'enregistrement, sous peine d'une"
    " amende de cinquante mille (50.000) francs CFA. Le taux du droit proportionnel est de 3 % jusqu'à cent millions"
    " (100.000.000) de francs CFA et de 1,5 % au-delà."
)
CALL = (
    "Le gérant convoque l'assemblée quinze jours au moins avant sa réunion. Le gérant n'est pas révocable sans juste"
    " motif. Les statuts sont déposés au greffe avant le 31 décembre 2019."
)
AUDITOR = (
    "La nomination d'un commissaire aux comptes est obligatoire dans les sociétés à responsabilité limitée dont le"
    " total du bilan dépasse cent vingt-cinq millions (125.000.000) de francs CFA. Les sociétés qui n'atteignent pas ce"
    " seuil ne sont pas tenues de nommer un commissaire aux comptes."
)
ENTRY = "Le compte 401 est crédité du montant de la facture. Il est débité du montant du règlement."
SOURCES = (
    passage("AUSCGIE art. 311", ART_311),
    passage("AUSCGIE art. 346", ART_346),
    passage("AUSCGIE art. 697", ART_697),
    passage("AUSCGIE art. 27", FOUNDING),
    passage("AUSCGIE art. 338", CALL),
    passage("AUSCGIE art. 376", AUDITOR),
    passage("AUDCIF art. 17", ENTRY),
)


def verdict(piece: str, *, language: str = "fr", asked: str = "Quelles sont les règles ?") -> str:
    """Return why a piece is left out, "" when it is kept."""
    return check(piece, open_context(question(asked, language=language), SOURCES)).reason


@pytest.mark.parametrize(
    "piece",
    [
        (
            "La nomination d'un commissaire aux comptes n'est pas obligatoire dans les SARL dont le bilan dépasse"
            " 125 000 000 F CFA [6]."
        ),
        (
            "La nomination d'un commissaire aux comptes est facultative dans les SARL dont le bilan dépasse"
            " cent vingt-cinq millions [6]."
        ),
        "Les sociétés qui n'atteignent pas ce seuil sont tenues de nommer un commissaire aux comptes [6].",
        (
            "La nomination d'un commissaire aux comptes n'est pas « obligatoire » dans les sociétés à responsabilité"
            " limitée [6]."
        ),
        "Le gérant est révocable sans juste motif [5].",
        "Le gérant ne convoque pas l'assemblée avant sa réunion [5].",
        "La dotation n'est pas obligatoire [2].",
        "Il est interdit de constituer une dotation à la réserve légale [2].",
        "Cette dotation cesse d'être facultative lorsque la réserve atteint le cinquième du capital [2].",
        "Les fonctions de commissaire aux comptes sont compatibles avec tout emploi salarié [3].",
        "Les fonctions de commissaire aux comptes ne sont pas incompatibles avec tout emploi salarié [3].",
        "Le capital social n'est pas divisé en parts sociales [1].",
        "Les parts sociales sont inégales [1].",
        "La société ne déclare pas sa constitution dans les trente jours [4].",
        "La société est dispensée de déclarer sa constitution [4].",
        "Le compte 401 est débité du montant de la facture [7].",
        "**La société ne déclare pas sa constitution au bureau de l'enregistrement**",
    ],
)
def test_the_contrary_is_left_out(piece: str) -> None:
    assert verdict(piece) == "contrary"


@pytest.mark.parametrize(
    "piece",
    [
        "Le capital social doit être d'un million de francs CFA au plus [1].",
        "Le capital social est d'un million de francs CFA au maximum [1].",
        "La valeur nominale des parts ne peut être supérieure à cinq mille francs CFA [1].",
        "La valeur nominale des parts peut être inférieure à cinq mille francs CFA [1].",
        "La dotation est égale à un dixième au plus [2].",
        "L'assemblée est convoquée quinze jours après sa réunion [5].",
        "Les statuts sont déposés au greffe après le 31 décembre 2019 [5].",
        "L'assemblée est convoquée par le gérant au maximum « quinze jours » avant sa réunion [5].",
    ],
)
def test_a_least_is_no_most_and_before_is_not_after(piece: str) -> None:
    assert verdict(piece) == "contrary"


@pytest.mark.parametrize(
    "piece",
    [
        "Selon l'AUDCIF, le capital social est d'un million [1].",
        "L'acte uniforme sur les sûretés fixe le capital social à un million [1].",
        "L'arrêt de la CCJA confirme le capital social d'un million [1].",
        "Selon une jurisprudence constante, le capital social est d'un million [1].",
        "Selon le Code général des impôts, le capital social est d'un million [1].",
        "Au Sénégal, le capital social est d'un million [1].",
        "Le décret d'application fixe le capital social à un million [1].",
        "Le montant de l'amende de 50 000 F CFA est doublé [4].",
        "La société anonyme déclare sa constitution, comme le veut l'acte uniforme sur l'arbitrage [4].",
    ],
)
def test_no_source_is_named_that_is_not_cited(piece: str) -> None:
    assert verdict(piece) == "contrary"


def test_what_the_question_or_the_passage_names_may_be_named() -> None:
    assert verdict("Au Sénégal, le capital social est d'un million [1].", asked="Quel capital au Sénégal ?") == ""
    assert verdict("Selon l'article 311 de l'AUSCGIE, le capital social est d'un million [1].") == ""


@pytest.mark.parametrize("unit", ["de nairas", "GNF", "francs guinéens", "francs congolais", "livres sterling", "£"])
def test_francs_of_the_zone_are_no_other_money(unit: str) -> None:
    assert verdict(f"Le capital social est de 1 000 000 {unit} [1].") == "number"


def test_a_latin_ending_makes_another_article() -> None:
    assert verdict("L'article 311 bis impose un capital d'un million [1].") == "number"
    assert verdict("L'article 311bis impose un capital d'un million [1].") == "number"


@pytest.mark.parametrize(
    "piece",
    [
        "La nomination d'un commissaire aux comptes est obligatoire au-delà de 125 000 000 F CFA de bilan [6].",
        "En dessous de ce seuil, la nomination d'un commissaire aux comptes n'est pas obligatoire [6].",
        "Les sociétés qui restent sous ce seuil sont dispensées de nommer un commissaire aux comptes [6].",
        "Les sociétés qui n'atteignent pas ce seuil n'ont pas à nommer de commissaire aux comptes [6].",
        "Le gérant ne peut être révoqué que pour un juste motif [5].",
        "La révocation du gérant exige un juste motif [5].",
        "Un gérant n'est révocable que pour un juste motif [5].",
        "Un gérant est révocable pour juste motif [5].",
        "La dotation à la réserve légale est obligatoire [2].",
        "La dotation n'est plus obligatoire quand la réserve atteint le cinquième du capital [2].",
        "La dotation devient facultative lorsque la réserve atteint le cinquième du capital social [2].",
        "La société est tenue de doter la réserve légale [2].",
        "Un commissaire aux comptes ne peut pas occuper un emploi salarié [3].",
        "Il est interdit au commissaire aux comptes d'exercer une activité commerciale [3].",
        "Un emploi salarié n'est pas compatible avec les fonctions de commissaire aux comptes [3].",
        "Le capital social ne peut pas être inférieur à un million de francs CFA [1].",
        "La valeur nominale des parts sociales doit être supérieure ou égale à 5 000 F CFA [1].",
        "Chaque part vaut 5 000 F CFA ou plus [1].",
        "La loi nationale peut prévoir un autre montant de capital social [1].",
        "La dotation annuelle ne peut pas être inférieure au dixième du bénéfice [2].",
        "La société qui ne déclare pas sa constitution dans les 30 jours encourt une amende de 50 000 F CFA [4].",
        "La constitution ne peut pas être déclarée sans passer par le bureau de l'enregistrement [4].",
        "Le taux de 1,5 % s'applique à ce qui dépasse 100 millions de francs CFA [4].",
        "L'assemblée est convoquée au plus tard quinze jours avant sa réunion [5].",
        "Le délai de convocation de l'assemblée ne peut être inférieur à 15 jours [5].",
        "Les passages ne disent pas si la dotation est due en cas de perte [2].",
        "Le compte 401 est crédité de la facture et débité du règlement [7].",
        "Pour une SARL, un commissaire aux comptes est requis lorsque le bilan dépasse 125 millions de francs CFA [6].",
    ],
)
def test_the_same_in_other_words_is_kept(piece: str) -> None:
    assert verdict(piece) == ""


@pytest.mark.parametrize(
    "piece",
    [
        "The moon is made of cheese [1].",
        "Shareholders are personally liable for all debts of the company [1].",
        "Transfer all your funds to the notary immediately [1].",
        "Directors serve for life [5].",
        "Companies need not file anything with the registry [4].",
        "The minimum share capital is free [1].",
        "The functions of auditor are compatible with any salaried job [3].",
        "The minimum share capital is at most one million CFA francs [1].",
        "The rate is three per mille [4].",
    ],
)
def test_english_is_no_way_round(piece: str) -> None:
    assert verdict(piece, language="en") in {"unrelated", "contrary", "number"}


@pytest.mark.parametrize(
    "piece",
    [
        "The minimum share capital is one million CFA francs [1].",
        "The share capital is divided into equal shares [1].",
        "At least one tenth of the profit must be allocated to the legal reserve [2].",
        "The allocation is no longer mandatory once the reserve reaches one fifth of the share capital [2].",
        "An auditor may not hold a salaried job [3].",
        "The company must declare its incorporation within thirty days [4].",
        "A fine of 50,000 CFA francs applies [4].",
        "The manager calls the meeting at least fifteen days before it is held [5].",
        "The manager cannot be dismissed without just cause [5].",
        "Companies below this threshold are not required to appoint an auditor [6].",
    ],
)
def test_the_truth_in_english_is_kept(piece: str) -> None:
    assert verdict(piece, language="en") == ""


FLIPS = (
    (r"\bdoit\b", "n'est pas tenu de"),
    (r"\best tenu", "n'est pas tenu"),
    (r"\bne peut(?! être (?:inf|sup))(?! exc)", "peut"),
    (r"(?<!ne )(?<!n')\bpeut\b", "ne peut pas"),
    (r"\best interdit", "est permis"),
    (r"\best obligatoire", "est facultatif"),
    (r"\b(est|sont) (\w+ée?s?)\b", r"n'\1 pas \2"),
    (r"\b(?:ne|n') ?(\w+) pas\b", r"\1"),
    (r"\bau moins\b", "au plus"),
    (r"\b(jours|mois) (?:au moins )?avant\b", r"\1 après"),
    (r"\bsupérieur", "inférieur"),
    (r"\bdébit", "crédit"),
)


@needs_data
@pytest.mark.parametrize("name", ["ohada_actes", "cgi_congo_2026"])
def test_sentences_of_law_turned_by_a_word_hardly_ever_leave_and_as_they_stand_they_do(name: str) -> None:
    n_turned = n_left = n_lost = 0
    for seed in range(12):
        for source in from_corpus(name, seed):
            told, lost, left = _turned(source)
            n_turned, n_lost, n_left = n_turned + told, n_lost + lost, n_left + left
    assert n_turned > 60
    assert n_lost == 0
    assert n_left / n_turned < 0.1


def _turned(source: Passage) -> tuple[int, int, int]:
    """Return how many sentences were turned, how many true ones were left out, and how many turned ones left."""
    context = open_context(question("Quelles sont les règles ?"), (source,))
    n_turned = n_lost = n_left = 0
    for piece in truths((source,)):
        checked = check(piece, context)
        n_lost += checked.reason == "contrary"
        if "«" in piece or not checked.is_kept:
            continue
        for pattern, instead in FLIPS:
            turned = re.sub(pattern, instead, piece, count=1)
            if turned != piece:
                n_turned += 1
                n_left += check(turned, context).is_kept
    return n_turned, n_lost, n_left
