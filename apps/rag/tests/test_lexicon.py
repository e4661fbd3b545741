"""The lexicon: its files, what its words bring, and a curator's word in use without a restart."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.rag import analysis
from apps.rag.models import LexiconEntry
from apps.rag.understanding.curated import CuratedWords
from apps.rag.understanding.lexicon import expansions, lexicon_revision, lexicon_use, meanings
from apps.rag.understanding.lexicon_files import (
    LexiconDamaged,
    WordGroup,
    english_words,
    groups_built_in,
    groups_of,
)


@pytest.fixture(autouse=True)
def _files_alone() -> Iterator[None]:
    yield
    lexicon_use(())


def terms(form: str) -> set[str]:
    """Return the index terms of a form."""
    return set(analysis.terms(form))


def test_the_files_are_whole_and_broad() -> None:
    groups = groups_built_in()
    assert len(groups) > 500
    assert sum(len(group.said) for group in groups) > 1_500
    assert {group.register for group in groups} == {"everyday", "professional", "legal", "acronym"}
    assert len(english_words()) > 300


def test_no_group_stands_for_itself_alone() -> None:
    for group in groups_built_in():
        meant = set().union(*map(terms, group.meant))
        assert meant, group
        assert not all(meant <= terms(said) for said in group.said), group


@pytest.mark.parametrize("row", ["patron;gérant", "patron;;everyday", "patron;gérant;slang", ";gérant;everyday"])
def test_a_damaged_row_is_named(row: str, tmp_path: Path) -> None:
    path = tmp_path / "company.csv"
    path.write_text(f"said;meant;register\n# heading\n{row}\n", "utf-8")
    with pytest.raises(LexiconDamaged, match=r"company\.csv, row 3"):
        groups_of(path)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("comment virer le gérant", "révocation"),
        ("le patron a été viré", "révocation"),
        ("ils débarquent le DG", "révoquer"),
        ("ma boîte ferme", "dissolution"),
        ("la société plie boutique", "liquidation"),
        ("mettre de l'argent dans la société", "apport"),
        ("un associé veut vendre ses parts", "cession"),
        ("convoquer l'AG", "convocation"),
        ("missions du CAC", "certifie"),
        ("combien d'administrateurs", "membres"),
        ("où siège la CCJA", "Abidjan"),
        ("j'ai acheté un camion, quel compte", "automobile"),
        ("loyer du bureau, compte", "locations"),
        ("facture senelec, quel compte ?", "électricité"),
        ("paiement par orange money : compte ?", "monnaie électronique"),
        ("cnps à payer, compte", "organismes sociaux"),
        ("la tva à reverser", "due"),
        ("le fisc me demande de payer l'impôt", "administration fiscale"),
        ("peut-on contester l'impôt", "réclamation"),
        ("comment convoque-t-on les associés", "convocation"),
        ("il revend ses parts de SARL", "cession"),
        ("puis-je mettre juste ma BP comme adresse de la société", "domiciliation"),
        ("deux sociétés veulent se marier", "fusion"),
        ("le gérant paie ses vacances avec la carte de l'entreprise", "usage"),
        ("l'arbitre est le cousin de mon adversaire", "indépendant"),
        ("agios de la banque, quel compte", "intérêts"),
        ("salaires pas encore payés : compte ?", "dues"),
        ("mon entreprise est en perte, impôt sur les années suivantes ?", "reportable"),
        ("une donation doit-elle être enregistrée ?", "enregistrement"),
        ("acte de cession non enregistré", "enregistrement"),
        ("durée du congé de maternité", "enceinte"),
    ],
)
def test_what_people_say_means_what_the_texts_say(text: str, meant: str) -> None:
    assert terms(meant) & set(expansions(text)), expansions(text)


@pytest.mark.parametrize(
    ("text", "is_law"),
    [
        ("le patron agit pour le compte de la société", True),
        ("le patron doit rendre compte aux associés", True),
        ("le patron a présenté de faux comptes", True),
        ("peut-on virer le patron, compte tenu des pertes ?", True),
        ("le patron d'une société : quel compte ?", False),
        ("salaire du patron, compte à débiter", False),
    ],
)
def test_law_is_read_as_law_where_a_compte_is_no_account(text: str, *, is_law: bool) -> None:
    assert (terms("gérant") <= set(expansions(text))) is is_law, expansions(text)


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("quel est l'amortisement", "amortissement"),
        ("le capitale minimun d'une sarl", "minimum"),
        ("commisaire aux comptes", "commissaire"),
        ("la disolution de la sarl", "dissolution"),
    ],
)
def test_a_slip_of_the_keyboard_is_mended(text: str, slip: str) -> None:
    assert terms(slip) & set(expansions(text))


@pytest.mark.parametrize(
    "text", ["Comment nourrir un chat ?", "la partie adverse", "Quelle est la plus belle maison du village ?"]
)
def test_words_of_other_matters_bring_nothing(text: str) -> None:
    assert expansions(text) == ()


@pytest.mark.parametrize(
    ("text", "not_meant"),
    [
        ("Une société cliente me doit de l'argent, comment obtenir une injonction de payer ?", "compensation"),
        ("Faut-il modifier les statuts pour servir de nouveaux clients ?", "autorisation"),
        ("Où mettre la virgule dans le journal comptable ?", "rompus"),
    ],
)
def test_a_word_that_says_many_things_brings_none_of_them(text: str, not_meant: str) -> None:
    assert not terms(not_meant) & set(expansions(text)), expansions(text)


def test_words_of_the_chart_count_where_an_account_is_asked_for() -> None:
    assert terms("automobile") & set(expansions("voiture : quel compte ?"))
    assert not terms("automobile") & set(expansions("j'ai apporté ma voiture à la société"))


def test_a_longer_expression_goes_before_its_words() -> None:
    (meaning,) = [each for each in meanings("mettre à la porte le gérant") if "port" in each.said]
    assert terms("révocation") <= {term for form in meaning.terms for term in form}


def test_a_curators_word_counts_in_every_question() -> None:
    before = lexicon_revision()
    lexicon_use((WordGroup(("njangi",), ("société coopérative",), "everyday"),))
    assert terms("coopérative") & set(expansions("statut d'une njangi"))
    assert lexicon_revision() != before
    lexicon_use(())
    assert lexicon_revision() == before
    assert expansions("statut d'une njangi") == ()


def test_expansions_take_no_time() -> None:
    texts = [f"mon patron veut virer {n} employés et fermer la boîte, quel délai ?" for n in range(200)]
    expansions(texts[0])
    started = time.process_time()
    for text in texts[1:]:
        expansions(text)
    assert (time.process_time() - started) / len(texts) < 0.003


def _until(holds: Callable[[], bool], limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


@pytest.mark.django_db(transaction=True)
def test_what_a_curator_writes_is_in_use_within_two_seconds() -> None:
    words = CuratedWords()
    words.step()
    words.start()
    try:
        row = LexiconEntry.objects.create(said="njangi", meant=["société coopérative"])
        assert _until(lambda: bool(expansions("statut d'une njangi")), 2.0)
        row.is_active = False
        row.save()
        assert _until(lambda: not expansions("statut d'une njangi"), 2.0)
        row.is_active = True
        row.meant = ["tontine réglementée"]
        row.save()
        assert _until(lambda: bool(terms("réglementée") & set(expansions("statut d'une njangi"))), 2.0)
        row.delete()
        assert _until(lambda: not expansions("statut d'une njangi"), 2.0)
    finally:
        words.stop()


@pytest.mark.django_db(transaction=True)
def test_whatever_a_round_raises_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    def fail_once(_: CuratedWords) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise LookupError("unforeseen")

    monkeypatch.setattr(CuratedWords, "step", fail_once)
    words = CuratedWords()
    words.start()
    assert _until(lambda: len(rounds) > 1, 20.0)
    words.stop()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_read_again_while_the_table_stands(django_assert_num_queries: Callable[..., object]) -> None:
    LexiconEntry.objects.create(said="njangi", meant=["société coopérative"])
    words = CuratedWords()
    words.step()
    with django_assert_num_queries(2):  # type: ignore[attr-defined]  # pytest-django's fixture has no stubs
        words.step()
    with django_assert_num_queries(0):  # type: ignore[attr-defined]  # the same
        assert expansions("statut d'une njangi")


def test_a_rent_is_no_law() -> None:
    assert terms("loyer") == terms("loyers") != terms("loi") == terms("lois")


def test_the_words_of_a_long_key_may_stand_in_any_order_those_of_a_short_one_not() -> None:
    lexicon_use([WordGroup(("compter le stock",), ("inventaire",), "everyday")])
    assert terms("inventaire") <= set(expansions("je dois compter tout le stock"))
    assert not terms("inventaire") & set(expansions("le stock, quel compte"))
    assert not terms("inventaire") & set(expansions("compter chaque matin ouvré le stock"))
    lexicon_use([WordGroup(("racheter ses titres au rabais",), ("propres actions",), "everyday")])
    assert terms("propres") <= set(expansions("au rabais, la SA rachète elle-même ses titres"))
    assert not terms("propres") & set(expansions("titres vendus hier, prix courant maintenu, rabais nouveau, racheter"))


def test_words_of_accounting_count_in_the_plural_too() -> None:
    assert terms("virements de fonds") <= set(expansions("argent en route entre deux banques"))
