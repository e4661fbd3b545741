import asyncio
import threading
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from kauri.lib import outbox
from kauri.lib.db import constraint_of, insert_all, rows_of, run_db, scoped
from kauri.lib.ids import uuid7
from kauri.lib.models import OutboxEvent, ProcessedEvent
from kauri.lib.text import fold


@dataclass(frozen=True)
class Principal:
    user_id: UUID | None
    organisation_ids: tuple[UUID, ...]


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        row = cursor.fetchone()
    return str(row[0] or "") if row else ""


@pytest.mark.django_db(transaction=True)
def test_scope_ends_with_its_transaction() -> None:
    principal = Principal(user_id=uuid4(), organisation_ids=(uuid4(), uuid4()))
    with scoped(principal):
        assert _setting("kauri.user_id") == str(principal.user_id)
        assert _setting("kauri.organisation_ids").split(",") == [str(one) for one in principal.organisation_ids]
    assert _setting("kauri.user_id") == ""


@pytest.mark.django_db(transaction=True)
async def test_run_db_uses_several_threads_and_leaves_no_connection() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def meet() -> int:
        connection.ensure_connection()
        barrier.wait()
        return threading.get_ident()

    threads = await asyncio.gather(*(run_db(meet) for _ in range(4)))
    assert len(set(threads)) == 4

    def others() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            row = cursor.fetchone()
        return int(row[0]) if row else -1

    # the server sees a moment late that a connection has gone; the test's own stays at most
    async with asyncio.timeout(10):
        while await run_db(others) > 1:
            await asyncio.sleep(0.05)


def test_outbox_refuses_to_speak_outside_a_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        outbox.publish(type="user.login", aggregate_id=uuid7(), payload={})
    assert not OutboxEvent.objects.exists()


def test_uuid7_sorts_by_time_and_says_its_version() -> None:
    made = [uuid7() for _ in range(50)]
    assert {one.version for one in made} == {7}
    assert len(set(made)) == 50
    assert sorted(made, key=lambda one: one.int >> 80) == made


@pytest.mark.parametrize(("text", "folded"), [("L’Œuvre d’ÉTÉ", "l'oeuvre d'ete"), ("Nº 1", "no 1"), ("ﬁn", "fin")])
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def _event() -> OutboxEvent:
    return outbox.event(type="user.login", aggregate_id=uuid7(), payload={"n": 1})


@pytest.mark.django_db
def test_rows_of_several_tables_are_inserted_by_one_statement() -> None:
    first, second, seen = _event(), _event(), ProcessedEvent(consumer="a", event_id=uuid7())
    seen.processed_at = Now() - timedelta(days=1)
    first.published_at = Now() - timedelta(days=1)  # as the database reckons it
    with CaptureQueriesContext(connection) as asked:
        insert_all([first, second, seen])
    assert len(asked) == 1
    kept = OutboxEvent.objects.order_by("position")
    assert [(one.id, one.key, one.payload) for one in kept] == [(one.id, one.key, {"n": 1}) for one in (first, second)]
    published, created = kept[0].published_at, kept[0].created_at
    assert published is not None
    assert timedelta(hours=23) < created - published < timedelta(hours=25)
    assert ProcessedEvent.objects.get().event_id == seen.event_id
    assert not first._state.adding


@pytest.mark.django_db
def test_a_row_that_is_refused_takes_the_others_with_it_and_names_its_constraint() -> None:
    seen = ProcessedEvent(consumer="a", event_id=uuid7())
    seen.save()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        insert_all([_event(), ProcessedEvent(consumer="a", event_id=seen.event_id)])
    assert constraint_of(refused.value) == "processed_event_once"
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_rows_come_as_python_has_them() -> None:
    key = uuid7()
    assert rows_of("SELECT %(key)s::uuid, ARRAY[1, 2]", {"key": key}) == [(key, [1, 2])]
    with pytest.raises(ProgrammingError), transaction.atomic():
        rows_of("SELECT nothing FROM nowhere", {})
