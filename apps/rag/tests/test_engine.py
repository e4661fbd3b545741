"""The engine over a real PostgreSQL and a real full text: scope, references, refusals, withdrawal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest
from pytest_django.fixtures import Settings

from apps.rag import indexer
from apps.rag.build import build_engine
from apps.rag.calibration import turn_write
from apps.rag.config import RagConfig
from apps.rag.engine import Engine
from apps.rag.errors import EmbedderAbsent
from apps.rag.retrieval.folder import LexicalFolder
from apps.rag.retrieval.follower import Follower
from apps.rag.tests.entries import EVER, SPACE, account, article, entry, scope
from apps.rag.types import InForce, NewEntry, Question, SearchResult
from apps.rag.understanding.references import PLAN_FORMER
from kauri.lib import clock
from kauri.lib.db import run_db

pytestmark = pytest.mark.django_db(transaction=True)

SARL = ("Société à responsabilité limitée", "Capital social")
ENTRIES = (
    article("311", "Le capital social doit être d'un million (1.000.000) de francs CFA au moins.", heading_path=SARL),
    article("368", "La réduction de capital ne peut porter le capital sous le minimum légal.", heading_path=SARL[:1]),
    article("121", "À l'égard des tiers, les organes de gestion ont tout pouvoir pour engager la société."),
    article(
        "269-2", "Les statuts précisent la forme.\nArticle 269-2-1 Par dérogation, les statuts organisent la variation."
    ),
    article("388", "L'assemblée générale est convoquée quinze jours au moins avant sa réunion."),
    account("40", "FOURNISSEURS ET COMPTES RATTACHES"),
    account("401", "FOURNISSEURS, DETTES EN COMPTE"),
    account("4011", "Fournisseurs"),
    account("401", "FOURNISSEURS (ANCIEN)", plan=PLAN_FORMER, in_force=InForce(date(2001, 1, 1), date(2018, 1, 1))),
)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Return an engine without a model over the entries above, all published."""
    publish(*ENTRIES)
    return build_engine(index_dir=tmp_path, embedder="none")


def publish(*entries: NewEntry) -> None:
    """Stage and publish entries."""
    indexer.entries_stage(entries)
    for version_id in {each.version_id for each in entries}:
        indexer.version_publish(version_id)


async def search(engine: Engine, text: str, *history: str, **changes: object) -> SearchResult:
    """Bring the engine up to date and search."""
    await engine.warm()
    return await engine.search(Question(text, scope(**changes), history))


def locators(result: SearchResult) -> list[str]:
    """Return what was found, best first."""
    return [each.passage.locator for each in result.passages]


async def test_the_minimum_capital_of_a_sarl_is_article_311(engine: Engine) -> None:
    result = await search(engine, "Quel est le capital minimum d'une SARL ?")
    assert locators(result)[0] == "AUSCGIE art. 311"
    assert result.is_answerable
    assert result.degraded == ("lexical_only",)


async def test_an_account_comes_from_the_revised_chart(engine: Engine) -> None:
    result = await search(engine, "À quoi correspond le compte 401 ?")
    first = result.passages[0]
    assert (first.passage.locator, first.passage.plan, first.is_exact_reference) == (
        "Compte 401",
        "syscohada-revise",
        True,
    )


async def test_the_former_chart_answers_when_it_is_named(engine: Engine) -> None:
    result = await search(engine, "le compte 401 dans l'ancien syscohada")
    assert result.passages[0].passage.text == "Compte 401 : FOURNISSEURS (ANCIEN)"
    assert result.understanding.as_of_hint == date(2017, 12, 31)
    # the day was chosen already: it is no other than the reader's
    result = await search(engine, "le compte 401 dans l'ancien syscohada", as_of=date(2017, 6, 1))
    assert result.understanding.as_of_hint is None


@pytest.mark.parametrize("text", ["compte 401 en 2012", "à quoi servait le compte 401 en 2012 ?"])
async def test_the_chart_of_the_year_answers_for_it(engine: Engine, text: str) -> None:
    result = await search(engine, text, as_of=clock.today())
    assert result.passages[0].passage.text == "Compte 401 : FOURNISSEURS (ANCIEN)"
    assert (result.is_answerable, result.understanding.as_of_hint) == (True, date(2012, 12, 31))
    # and on a day that the reader chose
    result = await search(engine, "compte 401", as_of=date(2012, 12, 31))
    assert result.passages[0].passage.text == "Compte 401 : FOURNISSEURS (ANCIEN)"
    # the former one is no law of today, whatever is asked
    result = await search(engine, "compte 401", as_of=clock.today())
    assert all(each.passage.plan != PLAN_FORMER for each in result.passages)


async def test_a_day_that_is_named_after_the_former_chart_wins(engine: Engine) -> None:
    history = ("compte 401", "et dans l'ancien plan ?")
    result = await search(engine, history[1], *history[:1], as_of=clock.today())
    assert result.understanding.as_of_hint == date(2017, 12, 31)
    assert result.passages[0].passage.text == "Compte 401 : FOURNISSEURS (ANCIEN)"
    result = await search(engine, "et en 2012 ?", *history, as_of=clock.today())
    assert result.understanding.as_of_hint == date(2012, 12, 31)
    assert result.passages[0].passage.text == "Compte 401 : FOURNISSEURS (ANCIEN)"


async def test_a_glued_article_is_found_first(engine: Engine) -> None:
    result = await search(engine, "que dit larticle 121 de l'auscgie")
    assert locators(result)[0] == "AUSCGIE art. 121"
    assert result.passages[0].is_exact_reference
    assert result.understanding.labels == ("AUSCGIE, art. 121",)


async def test_an_amended_article_is_found_inside_the_one_before(engine: Engine) -> None:
    assert locators(await search(engine, "art 269-2-1"))[0] == "AUSCGIE art. 269-2"


@pytest.mark.parametrize("text", ["art 999 auscgie", "article 269-3-1 de l'AUSCGIE"])
async def test_no_other_article_answers_for_one_that_is_not_there(engine: Engine, text: str) -> None:
    result = await search(engine, text)
    assert (result.is_answerable, result.refusal_reason) == (False, "reference_not_found")
    assert not any(each.is_exact_reference for each in result.passages)


async def test_an_article_of_an_act_that_is_not_held_is_not_looked_for_in_others(engine: Engine) -> None:
    result = await search(engine, "article 311 de l'AUS")
    assert (result.is_answerable, result.refusal_reason) == (False, "act_not_held")
    assert not any(each.is_exact_reference for each in result.passages)


async def test_an_account_that_is_not_there_shows_the_one_above(engine: Engine) -> None:
    result = await search(engine, "compte 4019 c quoi")
    assert (result.refusal_reason, locators(result)[0]) == ("reference_not_found", "Compte 401")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Quelle est la capitale de l'Australie ?", "out_of_scope"),
        ("donne moi la recette du ndolé", "out_of_scope"),
        ("Quel est le taux de TVA applicable en Belgique sur les livres ?", "out_of_scope"),
        ("Comment dresser un cheval de course ?", "no_evidence"),
    ],
)
async def test_it_refuses_what_the_texts_do_not_say(engine: Engine, text: str, reason: str) -> None:
    result = await search(engine, text)
    assert (result.is_answerable, result.refusal_reason) == (False, reason)


async def test_a_greeting_needs_no_evidence(engine: Engine) -> None:
    result = await search(engine, "Bonjour !")
    assert (result.understanding.intent, result.is_answerable, result.passages) == ("general_conversation", True, ())


async def test_nobody_finds_another_organisations_text(engine: Engine) -> None:
    mine, other = UUID(int=1), UUID(int=2)
    await run_db(publish, entry("secret", "le zèbre comptable est bleu", organisation_id=mine, version="secret"))
    assert locators(await search(engine, "zèbre comptable", organisation_ids=(mine,)))[:1] == ["secret"]
    for strangers in ((), (other,)):
        result = await search(engine, "zèbre comptable", organisation_ids=strangers)
        assert "secret" not in locators(result)


async def test_nothing_is_found_without_a_namespace(engine: Engine) -> None:
    result = await search(engine, "art 311 auscgie", namespaces=())
    assert (result.passages, result.refusal_reason) == ((), "empty_scope")


async def test_a_withdrawal_bites_before_any_index_follows(engine: Engine) -> None:
    assert locators(await search(engine, "engager la société à l'égard des tiers"))
    await run_db(indexer.version_withdraw, uuid5(SPACE, "one"))
    result = await engine.search(Question("engager la société à l'égard des tiers", scope()))
    assert not [name for name in locators(result) if name.startswith("AUSCGIE")]
    assert result.dropped > 0


async def test_staged_entries_are_not_found(engine: Engine) -> None:
    await run_db(indexer.entries_stage, (article("5000", "le zèbre comptable", version="staged"),))
    assert "AUSCGIE art. 5000" not in locators(await search(engine, "art 5000 auscgie"))


async def test_only_texts_in_force_are_found(engine: Engine) -> None:
    old = InForce(None, date(2010, 1, 1))
    await run_db(publish, entry("vieux", "le zèbre comptable est bleu", in_force=old, version="old"))
    assert "vieux" not in locators(await search(engine, "zèbre comptable"))
    assert locators(await search(engine, "zèbre comptable", as_of=date(2009, 12, 31)))[0] == "vieux"


async def test_a_follow_up_finds_what_the_question_before_was_about(engine: Engine) -> None:
    result = await search(engine, "et en millions de francs ?", "Quel est le capital minimum d'une SARL ?")
    assert locators(result)[0] == "AUSCGIE art. 311"


async def test_the_same_text_comes_once(engine: Engine) -> None:
    text = "le zèbre comptable est bleu et vit dans la savane"
    await run_db(publish, entry("un", text, version="twice"), entry("deux", text, version="twice", ordinal=1))
    assert len([name for name in locators(await search(engine, "zèbre comptable")) if name in {"un", "deux"}]) == 1


async def test_a_follower_shows_what_was_published(engine: Engine, tmp_path: Path) -> None:
    await engine.warm()
    before = engine.revision
    await run_db(publish, entry("neuf", "le zèbre comptable est bleu", version="new", in_force=EVER))
    shown: list[int] = []
    follower = Follower(LexicalFolder(tmp_path), RagConfig(), lambda: shown.append(1))
    await run_db(follower.step)
    follower.stop()
    assert shown == [1]
    assert locators(await search(engine, "zèbre comptable"))[0] == "neuf"
    assert engine.revision > before


async def test_a_rebuilt_index_ranks_like_the_one_that_followed(engine: Engine, tmp_path: Path) -> None:
    questions = ("capital minimum SARL", "convoquer l'assemblée", "engager la société", "dettes fournisseurs")
    await engine.warm()
    await run_db(publish, article("400", "L'assemblée délibère sur le capital.", version="later"))
    followed = [await search(engine, text) for text in questions]
    rebuilt_engine = build_engine(index_dir=tmp_path / "rebuilt", embedder="none")
    rebuilt = [await search(rebuilt_engine, text) for text in questions]
    assert [each.rankings[0].hits for each in followed] == [each.rankings[0].hits for each in rebuilt]
    assert [locators(each) for each in followed] == [locators(each) for each in rebuilt]


async def test_a_quiet_follower_writes_deletions_away(engine: Engine, tmp_path: Path) -> None:
    await engine.warm()
    folder = LexicalFolder(tmp_path)
    await run_db(publish, *(entry(f"un {number}", f"texte {number}", version="gone") for number in range(1)))
    follower = Follower(folder, replace(RagConfig(), idle_compaction_s=0.0, compaction_ratio=0.5), lambda: None)
    await run_db(follower.step)
    await run_db(indexer.version_withdraw, uuid5(SPACE, "gone"))
    await run_db(follower.step)
    state = folder.state()
    assert state is not None
    assert state.n_deleted == 1
    await run_db(follower.step)
    compacted = folder.state()
    follower.stop()
    assert compacted is not None
    assert (compacted.n_deleted, compacted.generation) == (0, state.generation + 1)


async def test_many_deletions_are_written_away_at_once(engine: Engine, tmp_path: Path) -> None:
    await engine.warm()
    await run_db(indexer.version_withdraw, uuid5(SPACE, "one"))
    await engine.warm()
    state = LexicalFolder(tmp_path).state()
    assert state is not None
    assert state.n_deleted == 0


async def test_without_a_full_text_references_still_answer(engine: Engine) -> None:
    result = await engine.search(Question("art 311 auscgie", scope()))
    assert locators(result) == ["AUSCGIE art. 311"]
    assert result.degraded == ("lexical_only", "full_text_unavailable")


async def test_another_databases_folder_is_not_taken_for_ours(engine: Engine, tmp_path: Path) -> None:
    await engine.warm()
    folder = LexicalFolder(tmp_path)
    state = folder.state()
    assert state is not None
    folder.save(replace(state, log_identity="another", seq=10**9))
    await engine.warm()
    mended = folder.state()
    assert mended is not None
    assert (mended.log_identity, mended.seq) == (state.log_identity, state.seq)


def test_an_engine_that_turns_questions_otherwise_is_another(tmp_path: Path, settings: Settings) -> None:
    settings.KAURI_VAR_DIR = tmp_path

    def name() -> str:
        return build_engine(index_dir=tmp_path, embedder="builtin").fingerprint

    before = name()
    assert name() == before
    turn_write("use-multilingual-3", np.eye(512, dtype=np.float32))
    assert name() != before


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("intérêts du prêt de la banque, quel compte de charge ?", "6712"),
        ("intérêts du prêt de la banque, quel compte de trésorerie ?", "526"),
        ("intérêts du prêt de la banque, quel compte de produits ?", "77"),
    ],
)
async def test_an_account_of_the_kind_that_is_asked_for_comes_first(tmp_path: Path, asked: str, number: str) -> None:
    await run_db(
        publish,
        account("526", "BANQUES, INTÉRÊTS COURUS SUR PRÊT"),
        account("6712", "Intérêts des emprunts"),
        account("77", "INTÉRÊTS DE PRÊT ET PRODUITS ASSIMILÉS"),
    )
    engine = build_engine(index_dir=tmp_path, embedder="none")
    await engine.warm()
    found = await engine.search(Question(asked, scope(namespaces=("syscohada_revise",))))
    assert found.passages[0].passage.locator == f"Compte {number}"


async def test_an_engine_without_embedder_gives_no_vectors(engine: Engine) -> None:
    with pytest.raises(EmbedderAbsent) as fault:
        await engine.embed(["capital"])
    assert (fault.value.code, fault.value.permanent) == ("embedder_absent", True)
