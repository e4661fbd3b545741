"""An account as a passage: what it says, what stands above it, and what it is searched by."""

from __future__ import annotations

from apps.rag.understanding.charts import Named, account_label, account_passage
from apps.rag.understanding.references import PLAN_REVISED


def test_an_account_says_where_it_stands_and_what_stands_under_it() -> None:
    made = account_passage(
        Named("401", "FOURNISSEURS, DETTES EN COMPTE"),
        plan=PLAN_REVISED,
        root="SYSCOHADA révisé",
        above=[Named("40", "FOURNISSEURS ET COMPTES RATTACHÉS")],
        below=[Named("4011", "Fournisseurs"), Named("4012", "Fournisseurs, groupe")],
    )
    assert made.text.splitlines() == [
        "Compte 401 : FOURNISSEURS, DETTES EN COMPTE",
        "Subdivision du compte 40 : FOURNISSEURS ET COMPTES RATTACHÉS",
        "Sous-comptes : 4011 Fournisseurs ; 4012 Fournisseurs, groupe",
    ]
    assert made.headings == ("SYSCOHADA révisé", "Classe 4 : Comptes de tiers", "40 FOURNISSEURS ET COMPTES RATTACHÉS")
    # what stands above is searched once: an account is not found by the name of another before its own
    assert made.search_text.count("RATTACHÉS") == 1


def test_a_label_is_what_stands_behind_the_number() -> None:
    assert account_label("Compte 401 : FOURNISSEURS\nSous-comptes : 4011 Fournisseurs") == "FOURNISSEURS"
    assert account_label("401 FOURNISSEURS") == "FOURNISSEURS"
