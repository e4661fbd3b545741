import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.accounts.types import Principal
from apps.knowledge import chunking, sandbox, services, tasks
from apps.knowledge.models import Document, DocumentVersion, IngestionJob, Passage
from apps.knowledge.parsers.errors import TimedOut
from apps.knowledge.pipeline import failures, lease, publication, run_job, stages
from apps.knowledge.pipeline.lease import JobTaken, LeaseLost
from apps.knowledge.tests.people import ARTICLES, FIRST, SECOND, add, add_ready, events
from apps.rag import indexer
from apps.rag.models import Embedding, IndexEntry
from kauri.lib import clock
from kauri.lib.errors import Unavailable


def test_an_import_ends_ready_with_every_passage_once_and_searchable(curator: Principal) -> None:
    added = add_ready(curator, ARTICLES, code="DEMO", in_force_from=date(2014, 5, 5))
    version = DocumentVersion.objects.get()
    passages = list(Passage.objects.order_by("ordinal"))
    assert [passage.locator for passage in passages][-3:] == ["DEMO art. 1", "DEMO art. 2", "DEMO art. 3"]
    for passage in passages:
        assert version.plain_text[passage.span_start : passage.span_end] == passage.text
    entries = IndexEntry.objects.order_by("ordinal")
    assert [(entry.passage_id, entry.state) for entry in entries] == [(passage.pk, "live") for passage in passages]
    assert entries[0].in_force == DateRange(date(2014, 5, 5), None)
    assert Embedding.objects.count() == len(passages)
    job = IngestionJob.objects.get()
    assert (job.state, job.stage, job.progress, job.attempt, job.owner) == ("ready", "ready", 100, 1, "")
    assert events() == ["knowledge.document.added", "knowledge.document.published"]
    assert Document.objects.get(pk=added.document_id).state == "published"


def test_running_a_finished_job_again_changes_nothing(curator: Principal) -> None:
    added = add_ready(curator)
    before = list(Passage.objects.values_list("pk", flat=True))
    outcome = run_job(added.job_id)
    assert (outcome.state, outcome.was_run) == ("ready", False)
    assert list(Passage.objects.values_list("pk", flat=True)) == before


def test_a_job_that_is_gone_is_no_error(curator: Principal) -> None:
    assert run_job(UUID(int=1)).was_run is False


class _Killed(BaseException):
    """Stands for the process's death: nothing after it runs in this attempt."""


@pytest.mark.parametrize(
    "place",
    ["parse_file", "chunk", "_save", "_passage", "_save_accounts", "entries_stage", "entries_embed", "version_publish"],
)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_at_any_stage_leaves_nothing_twice(
    curator: Principal, monkeypatch: pytest.MonkeyPatch, place: str, moment: str
) -> None:
    owners: dict[str, Any] = {
        "chunk": chunking,
        "entries_stage": indexer,
        "entries_embed": indexer,
        "version_publish": publication,
    }
    added = add(curator, code="DEMO")
    with monkeypatch.context() as patched:
        _die(patched, owners.get(place, stages), place, moment)
        # A killed process gives nothing back.
        patched.setattr(lease, "let_go", lambda _claim: None)
        with pytest.raises(_Killed):
            run_job(added.job_id)
    assert not IndexEntry.objects.filter(state="live").exists()
    with pytest.raises(JobTaken):
        lease.claim(added.job_id)
    IngestionJob.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    assert run_job(added.job_id).state == "ready"
    ordinals = list(Passage.objects.order_by("ordinal").values_list("ordinal", flat=True))
    assert ordinals == list(range(ordinals[0], ordinals[0] + len(ordinals)))
    assert IndexEntry.objects.filter(state="live").count() == len(ordinals)
    assert events().count("knowledge.document.published") == 1


def _die(patched: pytest.MonkeyPatch, module: Any, name: str, moment: str) -> None:
    whole: Callable[..., Any] = getattr(module, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if moment == "after":
            whole(*args, **kwargs)
        raise _Killed

    patched.setattr(module, name, dying)


def test_whoever_lost_the_lease_writes_nothing_more(curator: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    added = add(curator)

    def slept_too_long(*args: Any, **kwargs: Any) -> Any:
        IngestionJob.objects.update(fence=99, owner="another")
        return parse(*args, **kwargs)

    parse = sandbox.parse_file
    monkeypatch.setattr(stages, "parse_file", slept_too_long)
    outcome = run_job(added.job_id)
    assert outcome.was_run is False
    job = IngestionJob.objects.get()
    assert (job.state, job.owner, job.fence) == ("running", "another", 99)
    assert not Passage.objects.exists()


@pytest.mark.parametrize("stage", ["saving", "staging", "publishing"])
def test_a_lease_lost_just_before_a_transaction_is_seen_in_it(
    curator: Principal, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    advance = lease.advance

    def advanced(claim: lease.Claim, reached: IngestionJob.Stage, progress: int) -> None:
        advance(claim, reached, progress)
        if reached == stage:
            IngestionJob.objects.update(fence=99, owner="another")

    monkeypatch.setattr(lease, "advance", advanced)
    assert run_job(add(curator).job_id).was_run is False
    assert Passage.objects.exists() is (stage != "saving")
    assert IndexEntry.objects.exists() is (stage == "publishing")
    assert not IndexEntry.objects.filter(state="live").exists()


def test_a_lost_lease_stops_the_publication_itself(curator: Principal) -> None:
    added = add(curator)
    claim = lease.claim(added.job_id)
    IngestionJob.objects.update(fence=99)
    with pytest.raises(LeaseLost):
        lease.lock(claim)
    with pytest.raises(LeaseLost):
        stages.work(claim)
    assert IndexEntry.objects.count() == 0


def test_a_broken_file_fails_at_once_with_its_sentence_in_both_languages(curator: Principal) -> None:
    added = add(curator, b"%PDF-1.7\n" + b"garbage " * 40)
    outcome = run_job(added.job_id)
    assert (outcome.state, outcome.reason_code) == ("failed", "file_broken")
    job = IngestionJob.objects.get()
    assert set(job.reason) == {"fr", "en"}
    assert (job.failure_count, job.attempt) == (1, 1)
    assert job.sentence


def test_a_damaged_stored_file_is_told_from_a_broken_upload(curator: Principal) -> None:
    added = add(curator)
    name = DocumentVersion.objects.get().stored_name
    with default_storage.open(name, "wb") as stored:
        stored.write(b"other bytes")
    assert run_job(added.job_id).reason_code == "stored_file_damaged"
    services.job_retry(principal=curator, job_id=added.job_id, hint=False)
    default_storage.delete(name)
    assert run_job(added.job_id).reason_code == "stored_file_damaged"


def test_a_passing_failure_is_tried_three_times_with_a_pause(
    curator: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(indexer, "entries_embed", away)
    added = add(curator)
    states = []
    for _attempt in range(3):
        outcome = run_job(added.job_id)
        states.append(outcome.state)
        assert run_job(added.job_id).was_run is False, "it must wait for its time"
        IngestionJob.objects.filter(state="waiting").update(lease_until=clock.now())
    assert states == ["waiting", "waiting", "failed"]
    assert IngestionJob.objects.get().reason_code == "unavailable"


def test_an_error_without_a_name_is_logged_and_told_as_ours(
    curator: Principal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(chunking, "chunk", bug)
    outcome = run_job(add(curator).job_id)
    assert (outcome.state, outcome.reason_code) == ("waiting", "internal")
    assert any(record.exc_info for record in caplog.records)


def test_a_permanent_failure_is_not_tried_again(curator: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_slow(*args: Any, **kwargs: Any) -> Any:
        raise TimedOut

    monkeypatch.setattr(stages, "parse_file", too_slow)
    outcome = run_job(add(curator).job_id)
    assert (outcome.state, outcome.reason_code) == ("failed", "parse_timed_out")


def test_a_job_that_kills_its_process_each_time_is_given_up(curator: Principal) -> None:
    added = add(curator)
    IngestionJob.objects.update(attempt=failures.MAX_ATTEMPTS)
    assert run_job(added.job_id).reason_code == "worker_lost"


def test_the_sweeper_hints_at_lost_jobs_and_not_at_those_under_way(
    curator: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    hinted: list[UUID] = []
    monkeypatch.setattr(tasks, "hint", hinted.append)
    lost = add(curator, FIRST)
    under_way = add(curator, SECOND)
    lease.claim(under_way.job_id)
    just_hinted = add(curator, ARTICLES)
    IngestionJob.objects.filter(pk=just_hinted.job_id).update(hinted_at=clock.now())
    tasks.sweep_jobs()
    assert hinted == [lost.job_id]
    hinted.clear()
    IngestionJob.objects.filter(pk=under_way.job_id).update(lease_until=clock.now() - timedelta(seconds=1))
    tasks.sweep_jobs()
    assert under_way.job_id in hinted


def test_the_sweeper_takes_jobs_from_dead_processes_of_this_machine_at_once(
    curator: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    hinted: list[UUID] = []
    monkeypatch.setattr(tasks, "hint", hinted.append)
    added = add(curator)
    lease.claim(added.job_id)
    tasks.sweep_jobs()
    assert hinted == [], "its process, this one, lives"
    host = IngestionJob.objects.get().owner.split(":")[0]
    IngestionJob.objects.update(owner=f"{host}:999999999:1")
    tasks.sweep_jobs()
    assert hinted == [added.job_id]


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_the_lease_while_work_is_long(curator: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.05)
    claim = lease.claim(add(curator).job_id)
    IngestionJob.objects.update(lease_until=clock.now())
    with lease.heartbeat(claim):
        time.sleep(0.5)
    lease_until = IngestionJob.objects.get().lease_until
    assert lease_until is not None
    assert lease_until > clock.now() + timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
def test_two_processes_cannot_hold_one_job(curator: Principal) -> None:
    job_id = add(curator).job_id
    claimed: list[object] = []

    def race() -> None:
        try:
            claimed.append(lease.claim(job_id))
        except JobTaken:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 1
