import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from apps.accounts.types import Principal
from apps.knowledge import tasks
from apps.knowledge.models import IngestionJob
from apps.knowledge.tests.people import add
from kauri.lib.ids import uuid7

ROOT = Path(__file__).resolve().parents[3]


def test_a_hint_is_one_message_with_the_id_alone(curator: Principal) -> None:
    queue = redis.Redis.from_url(settings.REDIS_STATE_URL)
    queue.delete("ingest")
    added = add(curator)
    try:
        tasks.hint(added.job_id)
        (message,) = queue.lrange("ingest", 0, -1)
    finally:
        queue.delete("ingest")
        queue.close()
    _arguments, keywords, _options = json.loads(base64.b64decode(json.loads(message)["body"]))
    assert keywords == {"job_id": str(added.job_id)}
    assert IngestionJob.objects.get().hinted_at is not None


def test_the_task_takes_what_newer_callers_may_add(curator: Principal) -> None:
    added = add(curator)
    tasks.ingest(job_id=str(added.job_id), priority=3)
    assert IngestionJob.objects.get().state == "ready"


@pytest.mark.django_db
@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "unix:///tmp/kauri-nowhere.sock?db=0"])
def test_without_a_broker_a_hint_gives_up_quickly_and_quietly(broker: str) -> None:
    # A process of its own: Celery keeps the broker that it met first.
    database = os.environ["DATABASE_URL"].replace("/kauri?", f"/{connection.settings_dict['NAME']}?")
    code = f"import django; django.setup(); from apps.knowledge import tasks; tasks.hint('{uuid7()}'); print('went on')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ
        | {"DATABASE_URL": database, "REDIS_STATE_URL": broker, "DJANGO_SETTINGS_MODULE": "kauri.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout.strip() == "went on", run.stderr[-2000:]
    assert "queue not reachable" in run.stderr
