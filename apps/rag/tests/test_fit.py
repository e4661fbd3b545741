"""How well a passage fits a question, and the evidence that is made of it."""

from dataclasses import replace

import pytest

from apps.rag import analysis
from apps.rag.calibration import LEXICAL, EvidenceModel, EvidenceSigns, calibration_of
from apps.rag.retrieval.evidence import signs_of
from apps.rag.retrieval.fit import Fit, Probe, fit, idf, probe_of
from apps.rag.tests.passages import account, passage
from apps.rag.types import Hit, RankedPassage, Ranking
from apps.rag.understanding.lexicon import meanings

N = 100


def model_of(embedder: str) -> EvidenceModel:
    """Return the committed evidence model."""
    found = calibration_of(embedder)
    assert found is not None
    return found.evidence


def probe(text: str, *, is_definition: bool = False, **frequencies: int) -> Probe:
    """Return a question's probe over a corpus of 100 passages, ten of which hold each term unless it is said."""
    terms = dict.fromkeys(analysis.terms(text), 1.0)
    known = {term: frequencies.get(term, 10) for term in terms}
    return probe_of(terms, meanings(text), known, N, is_definition=is_definition)


def read(text: str, words: str, *, is_definition: bool = False) -> Fit:
    """Return how a passage with these words fits a question."""
    return fit(probe(text, is_definition=is_definition), passage("AUSCGIE art. 1", words))


def test_words_that_no_passage_holds_count_as_unknown() -> None:
    asked = probe("capital australien", austral=0, capital=50, australien=0)
    unknown = next(term for term in asked.weights if term != "capital")
    asked = probe("capital australien", is_definition=False, **{"capital": 50, unknown: 0})
    assert asked.unknown == pytest.approx(idf(N, 0) / (idf(N, 0) + idf(N, 50)))
    assert fit(asked, passage("AUSCGIE art. 1", "Le capital social.")).coverage == pytest.approx(
        idf(N, 50) / (idf(N, 0) + idf(N, 50))
    )


def test_what_each_of_two_things_is_tells_their_difference() -> None:
    terms = dict.fromkeys(analysis.terms("différence entre fusion et scission"), 1.0)
    things = frozenset({"fusion"}), frozenset({"scission"})
    asked = probe_of(terms, (), dict.fromkeys(terms, 10), N, is_definition=False, told_apart=things)
    merger = passage("AUSCGIE art. 189", "La fusion est l'opération par laquelle des sociétés se réunissent.")
    assert fit(asked, merger).definition == 1.0
    aside = passage("AUSCGIE art. 196", "Les opérations de fusion et de scission sont décidées par les associés.")
    assert fit(asked, aside).definition < 1.0


def test_what_an_expression_means_stands_for_all_of_its_words() -> None:
    meant = read("la clé sous la porte", "La dissolution de la société entraîne sa liquidation.")
    assert set(meant.covered) == set(analysis.terms("clé sous porte"))


def test_a_word_that_is_said_may_be_what_another_one_means() -> None:
    asked = probe("stock de marchandises")
    assert fit(asked, account("31", "31 MARCHANDISES")).coverage == pytest.approx(0.8)


def test_words_that_only_frame_a_question_hardly_count() -> None:
    assert read("que contient le bilan", "Le bilan décrit séparément les éléments.").coverage > 0.85
    assert read("où se trouve le bilan", "La somme décrit séparément les éléments.").coverage < 0.15


def test_words_of_one_sentence_are_worth_more_than_words_far_apart() -> None:
    filler = " ".join(f"mot{n} ecrit{n} long{n}" for n in range(30))
    near = read("révocation du gérant", f"La révocation du gérant. {filler}")
    far = read("révocation du gérant", f"La révocation. {filler} Le gérant.")
    assert near.coverage == far.coverage == 1.0
    assert near.window == 1.0
    assert far.window < 0.6


def test_the_texts_words_for_a_word_speak_for_it() -> None:
    meant = read("virer le gérant", "Le gérant est révocable : sa révocation est décidée par les associés.")
    assert read("virer le gérant", "Le gérant signe les actes.").coverage < meant.coverage < 1.0


@pytest.mark.parametrize("typed", ["comissaire", "commisaire", "comimssaire", "commissairre"])
def test_a_slip_of_the_keyboard_is_forgiven(typed: str) -> None:
    assert read(typed, "Le commissaire aux comptes certifie.").coverage == pytest.approx(0.8)


def test_another_word_is_no_slip() -> None:
    assert read("coriandre", "Il peut contraindre les associés.").coverage == 0.0


def test_a_definition_has_what_is_asked_about_as_its_subject() -> None:
    asked = "Qu'est-ce qu'une succursale ?"
    defined = read(asked, "La succursale est un établissement commercial.", is_definition=True)
    told = read(asked, "La succursale est immatriculée.", is_definition=True)
    aside = read(asked, "Le siège est un lieu, et la succursale en dépend.", is_definition=True)
    assert (defined.definition, told.definition, aside.definition) == (1.0, 0.5, 0.0)


def test_an_account_fits_by_its_own_label() -> None:
    asked = probe("compte achats de marchandises")
    label = fit(asked, account("601", "Compte 601 : ACHATS DE MARCHANDISES"))
    below = fit(
        asked, account("6015", "Compte 6015 : frais sur achats\nSubdivision du compte 601 : ACHATS DE MARCHANDISES")
    )
    assert label.window > below.window


@pytest.mark.parametrize("model", [model_of("use-multilingual-3"), model_of(LEXICAL)])
def test_better_signs_are_more_evidence(model: EvidenceModel) -> None:
    weak = EvidenceSigns(matched=0.2, around=0.2, near=0.1, ahead=0.2, rarity=0.4, sentence=0.2)
    strong = replace(weak, matched=0.6, around=0.7, near=0.6, ahead=0.6, topic=0.5, sentence=0.6)
    assert model.probability(weak) < 0.5 < model.probability(strong)


@pytest.mark.parametrize("model", [model_of("use-multilingual-3"), model_of(LEXICAL)])
def test_a_match_by_chance_is_no_evidence_for_a_question_of_another_field(model: EvidenceModel) -> None:
    text = "Qui gagne ?"
    held = RankedPassage(passage("AUSCGIE art. 1", "Celui qui gagne."), 1, 1.0, (("sentence", 0.2),), False)
    others = [
        RankedPassage(replace(passage(f"AUSCGIE art. {n}", "Le capital social."), ordinal=n), 1, 0.5, (), False)
        for n in range(20, 500, 60)
    ]
    assert model.probability(signs_of(text, probe(text), [held, *others], [])) < 0.5


def test_an_account_speaks_as_far_as_its_label_is_what_is_asked_for() -> None:
    text = "frais bancaires : quel compte ?"
    held = [
        [RankedPassage(account(number, words), 1, 1.0, (), False)]
        for number, words in (("631", "Compte 631 : FRAIS BANCAIRES"), ("6315", "Compte 6315 : Commissions bancaires"))
    ]
    named, beside = (signs_of(text, probe(text), each, []).account for each in held)
    assert named > beside > 0.0
    whether = "Les frais bancaires sont-ils dus par le gérant ?"
    assert signs_of(whether, probe(whether), held[0], []).account == 0.0
    bare = "frais bancaires quel numero"
    assert signs_of(bare, probe(bare), held[0], []).account > 0.0


def test_what_is_dealt_with_in_one_place_stands_together() -> None:
    text = "révocation du gérant"

    def signs(*ordinals: int) -> EvidenceSigns:
        found = [
            RankedPassage(replace(passage(f"AUSCGIE art. {n}", "La révocation."), ordinal=n), 1, 1.0, (), False)
            for n in ordinals
        ]
        scores = Ranking("bm25", tuple(Hit(n, 9.0 / rank) for rank, n in enumerate(ordinals, start=1)), 0.0)
        return signs_of(text, probe(text), found, [scores])

    found_in = passage("AUSCGIE art. 326", "La révocation.")
    together, apart = signs(326, 327, 328), signs(326, 12, 900)
    assert (together.near, apart.near) == (1.0, 0.0)
    assert together.ahead == pytest.approx(2 / 3)
    assert together.around == pytest.approx(fit(probe(text), found_in).window)


def test_words_that_name_an_act_are_not_sought_in_its_passages() -> None:
    text = "Que dit l'AUSCGIE sur la révocation du gérant de l'arbitrage ?"
    named = "Que dit l'acte uniforme sur l'arbitrage sur la révocation du gérant ?"
    held = [RankedPassage(passage("AUA art. 1", "La révocation du gérant de l'arbitrage."), 1, 1.0, (), False)]
    assert signs_of(text, probe(text), held, []).around == pytest.approx(1.0)
    assert signs_of(named, probe(named), held, []).around == pytest.approx(1.0)
