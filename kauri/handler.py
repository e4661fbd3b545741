"""Django's request handler, as Kauri serves it."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from asgiref.sync import sync_to_async  # noqa: TID251 - requests have threads of their own here
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

# As many as ever were busy at once stay.
_threads = ThreadPoolExecutor(max_workers=settings.KAURI_REQUEST_THREADS, thread_name_prefix="kauri-request")
# An orchestrator that hears nothing ends the process, and every answer under way with it: its questions do not queue,
# and whether the process lives not even behind whether it is ready, which waits for the stores.
_threads_of_health = ThreadPoolExecutor(max_workers=2, thread_name_prefix="kauri-health")
_thread_of_life = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kauri-live")
_HEALTH, _LIVE = "/v1/health", "/v1/health/live"


def _threads_for(path: str) -> ThreadPoolExecutor:
    if path.startswith(_LIVE):
        return _thread_of_life
    return _threads_of_health if path.startswith(_HEALTH) else _threads


class OneThreadHandler(ASGIHandler):
    """Runs a request's signals, all middleware and the view in one hop to a thread that is kept for the next request.

    Django's own chain under ASGI starts a thread for each request and hops for each hook of each middleware, which
    costs more than the hooks do, and listens whether the client leaves, which stops no view in a thread. An endless
    response of a view would not hear it, and there is none. Views that are coroutines run on the event loop, and the
    thread waits for them.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        super().load_middleware(is_async=False)

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        try:
            request, fault = self.create_request(scope, body)
            if request is not None:
                response = await self.run_get_response(request)
            else:
                response = cast("HttpResponseBase", fault)
            try:
                await self.send_response(response, send)
            finally:
                if not response.closed:
                    await sync_to_async(response.close, thread_sensitive=True)()
        finally:
            body.close()

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        threads = _threads_for(request.path)
        return await sync_to_async(self._begun_to_end, thread_sensitive=False, executor=threads)(request)

    def _begun_to_end(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request; what does not stream is closed here, since its bytes are all there."""
        try:
            signals.request_started.send(sender=type(self), scope=cast("ASGIRequest", request).scope)
            response = self.get_response(request)
            if not response.streaming:
                # as ASGIHandler does, which comes too late here
                response._handler_class = type(self)  # type: ignore[attr-defined] # noqa: SLF001
                response.close()
            return response
        finally:
            connections.close_all()
