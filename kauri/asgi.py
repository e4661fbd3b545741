"""The ASGI application: gate by role, stream routes before Django's own handler, life of the process."""

import os
from typing import cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")
# Before numpy is loaded: what a question multiplies is small, and OpenBLAS's second thread mostly waits, by spinning,
# on the cores that PostgreSQL and the event loop need (half of all the CPU that an answer took).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
django.setup(set_prefix=False)

# Only now: these need the app registry.
from channels.routing import URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from apps.chat.routing import chat_http_routes  # noqa: E402
from apps.rag.stream import rag_http_routes  # noqa: E402
from kauri.gate import ASGIApp, gated  # noqa: E402
from kauri.handler import OneThreadHandler  # noqa: E402
from kauri.lifespan import with_lifespan  # noqa: E402
from kauri.spans import with_spans  # noqa: E402
from kauri.static import with_static  # noqa: E402

# Django types its scope as a dict, everyone else as a mapping.
_django = cast("ASGIApp", OneThreadHandler())
_routes = URLRouter(
    [
        *chat_http_routes(_django),
        *rag_http_routes(_django),
        re_path(r"", _django),  # type: ignore[arg-type] # Channels routes ASGI applications, not views
    ]
)
_gated = gated(with_spans(with_static(_routes)), role=settings.KAURI_ROLE)
application = with_lifespan(_gated, role=settings.KAURI_ROLE)
