"""Whether an account is asked for: of a chart of OHADA's, and not at a bank, on a site or for a price."""

from __future__ import annotations

import pytest

from apps.rag.generation.asked import wanted
from apps.rag.tests.entries import scope
from apps.rag.types import Question
from apps.rag.understanding.accountsasked import asks_else, is_account_meant, is_of_another_chart
from apps.rag.understanding.intent import OUT_OF_SCOPE, intent_of
from apps.rag.understanding.reading import references_read
from apps.rag.understanding.rewriting import plain
from apps.rag.understanding.understand import understand
from kauri.lib.text import fold


@pytest.mark.parametrize(
    ("asked", "is_meant"),
    [
        ("loyers à payer", True),
        ("facture de téléphone", True),
        ("frais bancaires : quel compte ?", True),
        ("on passe l'achat de papier en quoi", True),
        ("salaires du personnel au Sénégal : quel compte ?", True),
        ("compte bancaire de l'entreprise : quel compte ?", True),
        ("comment convoquer l'assemblée ?", False),
        ("comment ouvrir un compte bancaire", False),
        ("numéro de compte bancaire de la DGI", False),
        ("prix d'un terrain", False),
        ("meilleure banque pour un prêt", False),
        ("location de voiture pas chère", False),
        ("numéro de téléphone du tribunal de commerce", False),
        ("fournisseur de matériel informatique à Lomé", False),
        ("salaire d'un comptable au Gabon", False),
        ("capital mini d'une sarl en 2010", False),
        ("saisie sur salaire, je la mets où", True),
        ("où enregistrer les intérêts reçus", True),
    ],
)
def test_what_is_bought_sought_or_held_at_a_bank_asks_for_no_account(asked: str, *, is_meant: bool) -> None:
    assert is_account_meant(fold(asked)) is is_meant


@pytest.mark.parametrize(
    ("asked", "is_other"),
    [
        ("plan comptable CIMA : compte des primes d'assurance vie", True),
        ("quel compte du plan comptable bancaire pour les dépôts à vue ?", True),
        ("quel compte dans le plan comptable français pour les titres-restaurant ?", True),
        ("compte IFRS 16 des contrats de location", True),
        ("quel compte SYSCOHADA pour un contrat de location d'IFRS 16 ?", False),
        ("qui doit présenter des états financiers en IFRS ?", False),
        ("plan comptable de l'OHADA : compte des primes d'assurance", False),
    ],
)
def test_the_account_of_another_chart_is_out_of_scope(asked: str, *, is_other: bool) -> None:
    assert is_of_another_chart(fold(asked)) is is_other
    assert (intent_of(asked, references_read(asked)) == OUT_OF_SCOPE) is is_other


@pytest.mark.parametrize(
    ("asked", "is_else"),
    [
        ("patente : qui doit la payer ?", True),
        ("comment calculer la TVA", True),
        ("capital mini d'une sarl en 2010", True),
        ("comment comptabiliser la TVA", False),
        ("patente : quel compte ?", False),
        ("retenue de garantie que je garde sur un fournisseur", False),
    ],
)
def test_who_owes_it_and_how_it_is_reckoned_is_no_account(asked: str, *, is_else: bool) -> None:
    assert asks_else(fold(asked)) is is_else


def test_the_number_of_a_standard_is_no_account() -> None:
    assert references_read("IFRS 16 et comptes de location") == ()
    assert references_read("plan comptable 16") != ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quel compte pour le capital d'une SARL ?", "quel compte pour le capital ?"),
        ("compte du capital social d’une sa", "compte du capital social"),
        ("dividendes d'une SA : numéro de compte", "dividendes : numéro de compte"),
        ("capital minimum d'une SARL", "capital minimum d'une SARL"),
        ("quels comptes annuels pour une SARL ?", "quels comptes annuels pour une SARL ?"),
    ],
)
def test_an_account_is_that_of_every_form_of_company(text: str, said: str) -> None:
    assert plain(text) == said


def test_the_account_to_debit_is_an_account_and_no_entry() -> None:
    asked = Question("salaire brut, compte à débiter ?", scope())
    read = wanted(asked, understand(asked).understanding)
    assert (read.asks_account, read.asks_entry) == (True, False)
