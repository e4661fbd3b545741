"""Answers about the law of another day: found there, refused with the day, or answered with what the answer lacks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.engine import Engine
from apps.rag.retrieval.lawday import searched_on_that_day
from apps.rag.tests.answers import answer
from apps.rag.tests.entries import article, entry, scope
from apps.rag.tests.passages import ART_311, account, account_number, found, passage, question
from apps.rag.types import AnswerEvent, InForce, NewEntry, Question, Refused, Retrieved, SearchResult, TextDelta
from apps.rag.understanding.references import PLAN_FORMER
from apps.rag.understanding.understand import Reading, understand
from kauri.lib import clock
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

_OF_2012 = "Quel était le capital minimum d'une SARL en 2012 ?"
_NEW = InForce(date(2014, 5, 5), None)
_OLD = InForce(date(1998, 1, 1), date(2014, 5, 5))


def _index(entries: tuple[NewEntry, ...]) -> None:
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)


def _article(text: str, in_force: InForce, version: str) -> NewEntry:
    headings = ("Société à responsabilité limitée", "Capital social")
    return article("311", text, version=version, heading_path=headings, in_force=in_force)


# other law, so that what answers stands out
_OTHERS = tuple(
    article(number, text, version="others", code="AUDCG", in_force=InForce(date(1998, 1, 1), None))
    for number, text in {
        "121": "À l'égard des tiers, les organes de gestion ont tout pouvoir pour engager la personne morale.",
        "388": "L'assemblée générale est convoquée quinze jours au moins avant sa réunion.",
        "13": "Tout commerçant tient un journal de ses opérations.",
        "20": "La prescription court du jour où le créancier a connu les faits.",
    }.items()
)


async def _engine(folder: Path, *entries: NewEntry) -> Engine:
    await run_db(_index, (*entries, *_OTHERS))
    engine = build_engine(index_dir=folder, embedder="none")
    await engine.warm()
    return engine


async def _asked(engine: Engine, text: str) -> tuple[list[AnswerEvent], str]:
    asked = Question(text, scope(as_of=clock.today()))
    events = [event async for event in _events(engine, asked)]
    return events, "".join(event.text for event in events if isinstance(event, TextDelta))


async def _events(engine: Engine, asked: Question) -> AsyncIterator[AnswerEvent]:
    async for event in engine.answer(asked):
        yield event


async def test_law_that_came_later_is_not_given_for_that_of_the_year(tmp_path: Path) -> None:
    engine = await _engine(tmp_path, _article(ART_311, _NEW, "new"))
    events, text = await _asked(engine, _OF_2012)
    refused = next(event for event in events if isinstance(event, Refused))
    assert text == ""
    assert "J’ai cherché le droit du 31 décembre 2012" in refused.text
    assert "AUSCGIE, art. 311, n’est en vigueur que depuis le 5 mai 2014." in refused.text
    assert [each.passage.locator for each in refused.nearest] == ["AUSCGIE art. 311"]


async def test_an_act_that_came_later_is_not_said_to_be_missing(tmp_path: Path) -> None:
    engine = await _engine(tmp_path, _article(ART_311, _NEW, "new"))
    events, _text = await _asked(engine, "Que disait l'article 311 de l'AUSCGIE en 2012 ?")
    refused = next(event for event in events if isinstance(event, Refused))
    assert "AUSCGIE, art. 311, n’est en vigueur que depuis le 5 mai 2014." in refused.text
    assert "ne comprennent pas" not in refused.text


async def test_an_undated_text_is_not_given_for_the_law_of_the_year(tmp_path: Path) -> None:
    guide = entry(
        "p. 3", "Le capital social minimum d'une SARL est libre.", kind="guide", code="", version="guide",
        document_title="Guide du créateur", heading_path=("Société à responsabilité limitée", "Capital social"),
    )  # fmt: skip
    engine = await _engine(tmp_path, _article(ART_311, _NEW, "new"), guide)
    events, text = await _asked(engine, _OF_2012)
    assert text == ""
    assert any(isinstance(event, Refused) and "5 mai 2014" in event.text for event in events)


async def test_law_of_the_year_is_what_is_searched(tmp_path: Path) -> None:
    old = "Le capital social doit être de cinq millions (5.000.000) de francs CFA au moins."
    engine = await _engine(tmp_path, _article(ART_311, _NEW, "new"), _article(old, _OLD, "old"))
    result = await engine.search(Question(_OF_2012, scope(as_of=clock.today())))
    assert result.understanding.as_of_hint == date(2012, 12, 31)
    assert "cinq millions" in result.passages[0].passage.text
    today = await engine.search(Question("Quel est le capital minimum d'une SARL ?", scope(as_of=clock.today())))
    assert "1.000.000" in today.passages[0].passage.text


async def test_the_law_that_was_replaced_is_that_of_the_day_before() -> None:
    asked = Question("Quel capital sous l'ancien acte uniforme ?", scope(as_of=clock.today()))
    then = found(passage("AUSCGIE art. 311", "Cinq millions.", in_force=_OLD))
    days: list[date | None] = []

    async def again(_question: Question, reading: Reading) -> SearchResult:
        days.append(reading.understanding.as_of_hint)
        return replace(then, understanding=reading.understanding)

    now = found(passage("AUSCGIE art. 311", ART_311, in_force=_NEW))
    assert (await searched_on_that_day(asked, understand(asked), now, again)).passages == then.passages
    undated = found(passage("AUSCGIE art. 311", ART_311, in_force=InForce(None, None)))
    assert await searched_on_that_day(asked, understand(asked), undated, again) == undated
    assert days == [date(2014, 5, 4)]


@pytest.mark.parametrize(
    "text",
    ["Quel est le capital minimum d'une SARL créée en 2012 ?", "une SARL a été créée en 2012, quel capital minimum ?"],
)
async def test_the_year_of_a_fact_changes_nothing(tmp_path: Path, text: str) -> None:
    engine = await _engine(tmp_path, _article(ART_311, _NEW, "new"))
    events, _text = await _asked(engine, text)
    result = next(event.result for event in events if isinstance(event, Retrieved))
    assert result.understanding.as_of_hint is None
    assert result.passages[0].passage.locator == "AUSCGIE art. 311"
    assert not any("le droit du" in event.text for event in events if isinstance(event, Refused))


@pytest.mark.parametrize(
    ("day", "in_force", "note"),
    [
        (date(2012, 12, 31), InForce(None, None), "rien n’établit que c’était le droit au 31 décembre 2012."),
        (date(2012, 12, 31), InForce(date(2001, 1, 1), None), ""),
    ],
)
async def test_an_answer_about_another_day_says_what_it_lacks(day: date, in_force: InForce, note: str) -> None:
    result = found(passage("AUSCGIE art. 311", ART_311, in_force=in_force))
    result = replace(result, understanding=replace(result.understanding, as_of_hint=day))
    asked = question(_OF_2012)
    made = await answer(replace(asked, scope=replace(asked.scope, as_of=clock.today())), result)
    assert made.text.endswith(note or "[1]")


@pytest.mark.parametrize(
    ("is_new", "note"),
    [(False, "la réponse se fonde sur le droit en vigueur au"), (True, "est à venir")],
    ids=["todays", "known already"],
)
async def test_a_day_to_come_is_said_to_be_so(is_new: bool, note: str) -> None:
    year = clock.today().year + 4
    in_force = InForce(date(year, 1, 1), None) if is_new else _NEW
    result = found(passage("AUSCGIE art. 311", ART_311, in_force=in_force))
    result = replace(result, understanding=replace(result.understanding, as_of_hint=date(year, 1, 1)))
    asked = question(f"Quel sera le capital minimum d'une SARL en {year} ?")
    made = await answer(replace(asked, scope=replace(asked.scope, as_of=clock.today())), result)
    assert note in made.text


async def test_a_text_that_is_found_for_a_year_to_come_is_not_denied() -> None:
    """It was found, though what is cited is today's law."""
    year = clock.today().year + 4
    of_then = passage("AUSCGIE art. 12", "Tout commerçant tient un journal.", in_force=InForce(date(year, 1, 1), None))
    result = found(passage("AUSCGIE art. 311", ART_311, in_force=_NEW), of_then)
    asked = question(f"Quel sera le capital minimum d'une SARL en {year} ?")
    asked = replace(asked, scope=replace(asked.scope, as_of=clock.today()))
    for hint in (None, date(year, 1, 1)):
        understanding = replace(result.understanding, as_of_hint=hint)
        made = await answer(asked, replace(result, understanding=understanding))
        assert "1.000.000" in made.text
        assert "aucun texte propre" not in made.text


def _tax_code(year: int) -> NewEntry:
    return entry(
        "art. 35", "Le taux de l'impôt sur les sociétés, dit IS, est fixé à 25 % du bénéfice imposable.",
        kind="law", code="CGI", version=f"cgi {year}", document_title=f"Code général des impôts {year}",
        heading_path=("Impôt sur les sociétés", "Taux de l'IS"),
        in_force=InForce(date(year, 1, 1), date(year + 1, 1, 1)),
    )  # fmt: skip


async def test_the_law_of_a_year_to_come_is_answered_by_todays(tmp_path: Path) -> None:
    today = clock.today()
    engine = await _engine(tmp_path, _tax_code(today.year))
    for text in (
        f"Quel sera le taux de l'IS en {today.year + 4} ?",
        f"Quel est le taux de l'IS pour {today.year + 1} ?",
    ):
        events, told = await _asked(engine, text)
        result = next(event.result for event in events if isinstance(event, Retrieved))
        assert result.understanding.as_of_hint is None
        assert "25 %" in told
        assert "Je n’ai aucun texte propre à" in told
        assert "la réponse se fonde sur le droit en vigueur au" in told


async def test_law_without_an_end_is_not_said_to_be_that_of_a_year_to_come(tmp_path: Path) -> None:
    engine = await _engine(tmp_path, _article(ART_311, _NEW, "new"))
    events, told = await _asked(engine, f"Quel sera le capital minimum d'une SARL en {clock.today().year + 4} ?")
    result = next(event.result for event in events if isinstance(event, Retrieved))
    assert result.understanding.as_of_hint is None
    assert "1.000.000" in told
    assert "la réponse se fonde sur le droit en vigueur au" in told


async def test_law_that_is_known_for_a_year_to_come_is_what_answers(tmp_path: Path) -> None:
    year = clock.today().year
    engine = await _engine(tmp_path, _tax_code(year), _tax_code(year + 1))
    events, told = await _asked(engine, f"Quel sera le taux de l'IS en {year + 1} ?")
    result = next(event.result for event in events if isinstance(event, Retrieved))
    assert result.understanding.as_of_hint == date(year + 1, 1, 1)
    assert "aucun texte propre" not in told


async def test_nothing_today_is_a_refusal_for_the_year_to_come(tmp_path: Path) -> None:
    engine = await _engine(tmp_path)
    year = clock.today().year + 4
    events, told = await _asked(engine, f"Quel sera le taux de l'IS en {year} ?")
    assert told == ""
    assert any(isinstance(event, Refused) for event in events)


async def test_a_follow_up_that_names_a_year_is_asked_of_its_law(tmp_path: Path) -> None:
    old = "Le capital social doit être de cinq millions (5.000.000) de francs CFA au moins."
    engine = await _engine(tmp_path, _article(ART_311, _NEW, "new"), _article(old, _OLD, "old"))
    today = scope(as_of=clock.today())
    asked = Question("et en 2012 ?", today, ("Quel est le capital minimum d'une SARL ?",))
    result = await engine.search(asked)
    assert result.understanding.as_of_hint == date(2012, 12, 31)
    assert "cinq millions" in result.passages[0].passage.text
    in_full = [each async for each in _events(engine, Question(_OF_2012, today))]
    told = [each async for each in _events(engine, asked)]
    assert [each for each in told if isinstance(each, TextDelta | Refused)] == [
        each for each in in_full if isinstance(each, TextDelta | Refused)
    ]


_FORMER = InForce(date(2001, 1, 1), date(2018, 1, 1))


@pytest.mark.parametrize(
    ("in_force", "note"),
    [
        (_FORMER, "L’ancien plan SYSCOHADA s’est appliqué du 1er janvier 2001 au 31 décembre 2017."),
        (InForce(None, date(2018, 1, 1)), "L’ancien plan SYSCOHADA s’est appliqué jusqu’au 31 décembre 2017."),
        (InForce(None, None), "»\u00a0[1]. Il relève de la classe 4\u00a0[1]."),
    ],
)
async def test_an_answer_from_the_former_chart_says_when_it_applied(in_force: InForce, note: str) -> None:
    row = account("40", "Compte 40 : FOURNISSEURS", plan=PLAN_FORMER, in_force=in_force, heading_path=())
    result = found(row, references=(account_number("40"),))
    result = replace(result, understanding=replace(result.understanding, as_of_hint=date(2017, 12, 31)))
    made = await answer(question("compte 40 de l'ancien plan"), result)
    assert made.text.startswith("Dans l’ancien plan SYSCOHADA, le compte 40\u00a0s’intitule")
    assert made.text.endswith(note)


@pytest.mark.parametrize(
    ("text", "day", "said"),
    [
        ("compte 40 dans l'ancien plan", date(2017, 12, 31), "dans l’ancien plan SYSCOHADA, tel qu’il était au 31"),
        ("compte 40 dans l'ancien plan en 2012", date(2012, 12, 31), "tel qu’il était au 31 décembre 2012\u00a0:"),
        ("compte 40 en 2012", date(2012, 12, 31), "J’ai cherché le droit du 31 décembre 2012"),
        ("Que dit le CGI 2016 de la TVA ?", date(2016, 12, 31), "J’ai cherché le droit du 31 décembre 2016"),
    ],
)
async def test_a_refusal_names_the_day_that_was_searched(text: str, day: date, said: str) -> None:
    result = found(reason="reference_not_found")
    result = replace(result, understanding=replace(result.understanding, as_of_hint=day))
    asked = question(text)
    made = await answer(replace(asked, scope=replace(asked.scope, as_of=clock.today())), result)
    refused = next(event for event in made.events if isinstance(event, Refused))
    assert said in refused.text
