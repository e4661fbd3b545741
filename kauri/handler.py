"""Django's request handler, as Kauri serves it."""

from asgiref.sync import sync_to_async  # noqa: TID251 - each request has a thread of its own here
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """Runs all middleware and the view of a request in one hop to a thread.

    Django's own chain under ASGI hops for each hook of each middleware, which costs more than the hooks do. Views that
    are coroutines run on the event loop as ever.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
