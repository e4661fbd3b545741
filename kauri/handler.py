"""Django's request handler, as Kauri serves it."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import sync_to_async  # noqa: TID251 - each request has a thread of its own here
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class OneThreadHandler(ASGIHandler):
    """Runs the signal that a request begins, all middleware and the view in one hop to a thread.

    Django's own chain under ASGI hops for each hook of each middleware, which costs more than the hooks do, and listens
    whether the client leaves, which stops no view in a thread. An endless response of a view would not hear it, and
    there is none. Views that are coroutines run on the event loop as ever.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        super().load_middleware(is_async=False)

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        response: HttpResponseBase | None = None
        try:
            request, fault = self.create_request(scope, body)
            if request is not None:
                response = await self.run_get_response(request)
            elif fault is not None:
                response = fault
            if response is not None:
                await self.send_response(response, send)
        finally:
            try:
                if response is None:
                    await signals.request_finished.asend(sender=type(self))
                else:
                    await sync_to_async(response.close, thread_sensitive=True)()
            finally:
                body.close()

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self._begun_and_answered, thread_sensitive=True)(request)

    def _begun_and_answered(self, request: HttpRequest) -> HttpResponseBase:
        signals.request_started.send(sender=type(self), scope=cast("ASGIRequest", request).scope)
        return self.get_response(request)
