"""The terms of French texts and questions."""

import pytest

from apps.rag import analysis


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("L. 123-4", ["l123-4"]),
        ("l'article L123-4", ["articl", "l123-4"]),
        ("art. 269-2-1", ["art", "269-2-1"]),
        ("T.V.A.", ["tva"]),
        ("1 000 000", ["1000000"]),
        ("1.000.000 et 5.000", ["1000000", "5000"]),
        ("classe 6", ["class", "6"]),
        ("compte 4111", ["compt", "4111"]),
        ("article premier", ["articl", "1"]),
        ("larticle 121", ["articl", "121"]),
        ("12,5 %", ["12,5"]),
        ("S.A.R.L. au R.C.C.M.", ["sarl", "rccm"]),
        ("S. A. R. L.", ["sarl"]),
        ("au R. C. C. M. ", ["rccm"]),
        ("AT&T, b2b et 7e", ["at&t", "b2b", "7"]),
        ("qu'il n'est pas d'accord", ["accord"]),
        ("cœur d’œuvre", ["coeur", "oeuvr"]),
    ],
)
def test_it_keeps_numbers_whole_and_drops_small_words(text: str, wanted: list[str]) -> None:
    assert analysis.terms(text) == wanted


def test_inflected_words_meet() -> None:
    assert analysis.terms("les sociétés commerciales") == analysis.terms("la société commerciale")


@pytest.mark.parametrize(("plural", "singular"), [("revenus", "revenu"), ("escomptes obtenus", "escompte obtenu")])
def test_a_plural_in_us_meets_its_singular(plural: str, singular: str) -> None:
    assert analysis.terms(plural) == analysis.terms(singular)


def test_a_word_in_us_that_is_no_plural_meets_its_verb() -> None:
    assert analysis.terms("un refus") == analysis.terms("refuser")
    assert analysis.terms("un abus") == analysis.terms("abuser")


def test_the_name_of_the_act_does_not_make_each_of_its_articles_one_on_groupings() -> None:
    title = "Acte uniforme relatif au droit des sociétés commerciales et du groupement d'intérêt économique"
    assert "gie" not in analysis.terms(title)
    assert "gie" in analysis.terms("Le groupement d'intérêt économique est constitué sans capital.")


def test_a_capital_city_is_no_share_capital() -> None:
    assert set(analysis.terms("la capitale")).isdisjoint(analysis.terms("le capital social"))


def test_a_sigle_meets_its_full_form() -> None:
    assert "sarl" in analysis.terms("La société à responsabilité limitée")
    assert set(analysis.terms("une SA")) <= set(analysis.terms("une société anonyme"))
    assert "minimum" in analysis.terms("un million au moins")


def test_the_possessive_is_no_company() -> None:
    assert "societeanonyme" not in analysis.terms("sa part")


def test_grams_survive_a_typo() -> None:
    right, wrong = set(analysis.grams("commissaire")), set(analysis.grams("comissaire"))
    assert len(right & wrong) >= 7


def test_a_short_word_is_one_gram() -> None:
    assert analysis.grams("DG") == ["_dg_"]


def test_a_bound_is_found_by_any_of_its_words() -> None:
    assert "maximum" in analysis.terms("À quelle date au plus tard la SCI déclare-t-elle ses loyers ?")
    assert "minimum" in analysis.terms("Le capital social est de 1 000 000 F, minima fixé par la loi.")


def test_words_that_mean_another_thing_keep_their_own_stem() -> None:
    assert set(analysis.terms("un don")) == set(analysis.terms("des dons"))
    assert set(analysis.terms("un don")).isdisjoint(analysis.terms("il donne"))
    assert set(analysis.terms("droits d'enregistrement")).isdisjoint(analysis.terms("enregistrer une facture"))


@pytest.mark.parametrize(
    ("sigle", "full"),
    [("SCS", "société en commandite simple"), ("GIE", "groupement d'intérêt économique")],
)
def test_a_sigle_keeps_its_ending(sigle: str, full: str) -> None:
    assert set(analysis.terms(sigle)) <= set(analysis.terms(full))
