import pytest

from apps.knowledge.parsers.chart import looks_like_chart, read_chart
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import AccountRow


def accounts(text: str) -> list[AccountRow | None]:
    return [block.account for block in read_chart(text).blocks]


@pytest.mark.parametrize(
    "text",
    [
        'compte,libelle\n10,CAPITAL\n101,"CAPITAL SOCIAL, appelé"\n',
        "Compte;Libellé\n10;CAPITAL\n101;CAPITAL SOCIAL, appelé\n",
        "N° de compte\tIntitulé\n10\tCAPITAL\n101\tCAPITAL SOCIAL, appelé\n",
        "Intitulé du compte|Numéro\nCAPITAL|10\nCAPITAL SOCIAL, appelé|101\n",
    ],
)
def test_it_finds_columns_and_delimiter(text: str) -> None:
    assert looks_like_chart(text)
    assert accounts(text) == [AccountRow("10", "CAPITAL"), AccountRow("101", "CAPITAL SOCIAL, appelé")]


def test_the_plan_column_is_kept_as_written() -> None:
    text = "compte,libelle,plan\n10,CAPITAL,SYSCOHADA revise 2017\n10,Capital,ancien plan\n"
    assert accounts(text) == [
        AccountRow("10", "CAPITAL", "SYSCOHADA revise 2017"),
        AccountRow("10", "Capital", "ancien plan"),
    ]


def test_a_list_of_accounts_without_a_header_is_a_chart() -> None:
    assert looks_like_chart("10;Capital\n101;Capital social\n1011;Capital souscrit\n11;Réserves\n")


def test_other_tables_are_no_charts() -> None:
    assert not looks_like_chart("Index,Nom,Ville\n1,Awa,Dakar\n2,Issa,Niamey\n3,Ama,Lomé\n")
    assert not looks_like_chart("Une phrase, puis une autre.\nEt encore, une ligne.\n")


def test_rows_without_number_or_label_are_left_out() -> None:
    assert accounts("compte,libelle\n,TOTAL\n40 1,FOURNISSEURS\n402,\n0,Rien\n") == [AccountRow("401", "FOURNISSEURS")]


def test_a_chart_of_nothing_is_empty() -> None:
    with pytest.raises(Refused):
        read_chart("compte,libelle\n,a\n")
