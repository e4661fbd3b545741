import threading
from datetime import date
from typing import Any

import pytest
from django.db import connections, transaction

from apps.accounts.types import Principal
from apps.knowledge import sandbox, services
from apps.knowledge.errors import NotPublishable, PeriodOverlaps, VersionWithdrawn
from apps.knowledge.models import Document, DocumentVersion, Passage
from apps.knowledge.pipeline import run_job, stages
from apps.knowledge.tests.people import FIRST, SECOND, add, add_ready, events
from apps.rag.models import IndexChange, IndexEntry


def test_without_publication_the_version_stays_a_draft_until_a_curator_publishes(curator: Principal) -> None:
    added = add_ready(curator, publish=False)
    assert DocumentVersion.objects.get().state == "draft"
    assert not IndexEntry.objects.exclude(state="staged").exists()
    services.version_publish(principal=curator, version_id=added.version_id)
    services.version_publish(principal=curator, version_id=added.version_id)
    assert set(IndexEntry.objects.values_list("state", flat=True)) == {"live"}
    assert events() == ["knowledge.document.added", "knowledge.document.published"]


def test_a_version_that_is_not_read_cannot_be_published(curator: Principal) -> None:
    added = add(curator)
    with pytest.raises(NotPublishable):
        services.version_publish(principal=curator, version_id=added.version_id)


def _two(curator: Principal, first: tuple[Any, Any], second: tuple[Any, Any]) -> list[DocumentVersion]:
    add_ready(curator, FIRST, code="DEMO", in_force_from=first[0], in_force_to=first[1])
    add_ready(curator, SECOND, code="DEMO", in_force_from=second[0], in_force_to=second[1])
    return list(DocumentVersion.objects.order_by("number"))


D2000, D2005, D2010, D2020 = (date(year, 1, 1) for year in (2000, 2005, 2010, 2020))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((D2000, None), (D2010, None), [("published", D2000, D2010), ("published", D2010, None)]),
        ((None, None), (D2010, None), [("published", None, D2010), ("published", D2010, None)]),
        ((D2010, None), (D2000, None), [("published", D2010, None), ("published", D2000, D2010)]),
        ((D2010, None), (D2010, None), [("withdrawn", D2010, None), ("published", D2010, None)]),
        ((None, None), (None, None), [("withdrawn", None, None), ("published", None, None)]),
        ((D2010, None), (None, None), [("withdrawn", D2010, None), ("published", None, None)]),
        ((D2000, D2005), (D2010, None), [("published", D2000, D2005), ("published", D2010, None)]),
        ((D2000, D2010), (D2005, D2020), [("published", D2000, D2005), ("published", D2005, D2020)]),
    ],
)
def test_a_new_version_ends_or_replaces_the_old_one(
    curator: Principal, first: tuple[Any, Any], second: tuple[Any, Any], expected: list[tuple[Any, ...]]
) -> None:
    versions = _two(curator, first, second)
    found = [(version.state, version.in_force.lower, version.in_force.upper) for version in versions]
    assert found == expected
    for version in versions:
        entries = IndexEntry.objects.filter(version_id=version.pk)
        state = "live" if version.state == "published" else "withdrawn"
        assert set(entries.values_list("state", flat=True)) == {state}
        if state == "live":
            assert set(entries.values_list("in_force", flat=True)) == {version.in_force}


def test_periods_that_cannot_be_arranged_fail_and_the_old_version_stays(curator: Principal) -> None:
    add_ready(curator, FIRST, code="DEMO", in_force_from=D2000)
    added = add(curator, SECOND, code="DEMO", in_force_from=D2005, in_force_to=D2010)
    outcome = run_job(added.job_id)
    assert (outcome.state, outcome.reason_code) == ("failed", PeriodOverlaps.code)
    assert list(DocumentVersion.objects.order_by("number").values_list("state", flat=True)) == ["published", "draft"]


def test_withdrawing_takes_effect_in_the_index_and_is_told_once(curator: Principal) -> None:
    added = add_ready(curator)
    services.version_withdraw(principal=curator, version_id=added.version_id)
    services.version_withdraw(principal=curator, version_id=added.version_id)
    assert set(IndexEntry.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert Document.objects.get().state == "withdrawn"
    assert events().count("knowledge.document.withdrawn") == 1
    assert IndexChange.objects.filter(operation="delete").count() == Passage.objects.count()
    assert not add(curator).is_unchanged, "a withdrawn file may come again, as a new version"


def test_a_version_withdrawn_during_its_import_never_comes_back(
    curator: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = add(curator)
    parse = sandbox.parse_file

    def withdrawn_meanwhile(*args: Any, **kwargs: Any) -> Any:
        services.version_withdraw(principal=curator, version_id=added.version_id)
        return parse(*args, **kwargs)

    monkeypatch.setattr(stages, "parse_file", withdrawn_meanwhile)
    assert run_job(added.job_id).reason_code == VersionWithdrawn.code
    services.job_retry(principal=curator, job_id=added.job_id, hint=False)
    assert run_job(added.job_id).reason_code == VersionWithdrawn.code
    assert not IndexEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_correction_waits_for_a_withdrawal_and_brings_nothing_back(curator: Principal) -> None:
    added = add_ready(curator)
    passage_id = Passage.objects.latest("ordinal").pk
    ended = threading.Event()

    def correct() -> None:
        services.passage_correct(principal=curator, passage_id=passage_id, edited_text="Autre.", is_hidden=False)
        ended.set()
        connections.close_all()

    thread = threading.Thread(target=correct)
    with transaction.atomic():
        services.version_withdraw(principal=curator, version_id=added.version_id)
        thread.start()
        assert not ended.wait(0.3)
    thread.join(10)
    assert ended.is_set()
    assert set(IndexEntry.objects.values_list("state", flat=True)) == {"withdrawn"}


TWO_PLANS = """compte,libelle,plan
631,FRAIS BANCAIRES,SYSCOHADA revise 2017
631,FRAIS BANCAIRES DE TOUJOURS,ancien plan
"""
FORMER, REVISED = "syscohada-ancien", "syscohada-revise"


def _charts(curator: Principal, *days: date) -> list[DocumentVersion]:
    for day in days:
        text = f"{TWO_PLANS}632,REMUNERATIONS DE {day.year},SYSCOHADA revise 2017\n"
        add_ready(curator, text, code="PCO", kind="chart", plan="column:plan", in_force_from=day)
    return list(DocumentVersion.objects.order_by("number"))


def test_the_former_plan_of_a_file_is_law_of_the_days_before_the_revised_one(curator: Principal) -> None:
    (version,) = _charts(curator, date(2018, 1, 1))
    on: dict[str, set[str]] = {}
    for day in (date(2000, 12, 31), date(2001, 1, 1), date(2017, 12, 31), date(2018, 1, 1), D2020):
        on[str(day)] = set(IndexEntry.objects.filter(in_force__contains=day).values_list("plan", flat=True))
    assert on == {
        "2000-12-31": set(),
        "2001-01-01": {FORMER},
        "2017-12-31": {FORMER},
        "2018-01-01": {REVISED},
        "2020-01-01": {REVISED},
    }
    assert set(IndexEntry.objects.values_list("state", flat=True)) == {"live"}
    services.version_withdraw(principal=curator, version_id=version.pk)
    assert set(IndexEntry.objects.values_list("state", flat=True)) == {"withdrawn"}


@pytest.mark.parametrize("order", [(2018, 2025), (2025, 2018)])
def test_of_two_versions_of_a_chart_the_newer_one_tells_the_former_plan(
    curator: Principal, order: tuple[int, int]
) -> None:
    versions = _charts(curator, *(date(year, 1, 1) for year in order))
    newer = versions[order.index(2025)]
    former = IndexEntry.objects.filter(plan=FORMER, state="live")
    assert set(former.values_list("version_id", flat=True)) == {newer.pk}
    revised = IndexEntry.objects.filter(plan=REVISED, state="live", locator="Compte 631")
    assert sorted(period.lower.year for period in revised.values_list("in_force", flat=True)) == [2018, 2025]
