"""The Celery application; its settings are the CELERY_* of kauri.settings."""

import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")

app = Celery("kauri")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.result_backend_transport_options = {"visibility_timeout": 900}
app.conf.visibility_timeout = 900
app.autodiscover_tasks(["kauri", "apps.knowledge"])


@signals.setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Leave the logging that Django set up: one format for every process."""


@signals.worker_process_init.connect
def _die_with_parent(**_: Any) -> None:
    """End a pool process whose worker was killed: it would go on with work that was given away."""
    from kauri.launcher.process import die_with_parent  # noqa: PLC0415 - only in a worker

    die_with_parent()
