"""/v1/rag: the engine for other services, by django-ninja. `generate` is framed by apps.rag.stream."""

# No postponed annotations: django-ninja reads them as they are.
import logging
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from apps.rag.answers import Answer, collected, unexplained
from apps.rag.build import get_engine
from apps.rag.fieldfaults import field_fault
from apps.rag.grants import Grant, grant_read
from apps.rag.limits import texts_check
from apps.rag.schemas import EmbedIn, EmbedOut, ProblemOut, QuestionIn, SearchIn
from apps.rag.stream import HANDED, Handed
from apps.rag.types import SearchResult
from kauri.lib.db import run_db
from kauri.lib.errors import DatabaseAway, InvalidInput, KauriError, NotAllowed, NotAuthenticated, NotFound
from kauri.problems import CONTENT_TYPE, problem_body

logger = logging.getLogger(__name__)

# What a signed-in person may search; None for a visitor. The engine knows no people: kauri.urls hands this in.
GrantOf = Callable[[HttpRequest], Grant | None]

_PROBLEMS: Final = {
    status: {
        "description": words,
        "content": {CONTENT_TYPE: {"schema": ProblemOut.model_json_schema()}},
    }
    for status, words in {
        401: "Neither signed in nor with a valid token",
        403: "More than the caller may search, or no CSRF token",
        422: "Cannot be used as it is",
        503: "The engine or one of its stores does not answer just now",
    }.items()
}
_DOCUMENTED: Final = {"responses": _PROBLEMS}
_STREAMED: Final = {
    "responses": {
        **_PROBLEMS,
        200: {
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'event: text_delta\ndata: {"text":"Le capital social…"}\n\n',
                }
            }
        },
    }
}


class BearerGrant(HttpBearer):
    """`Authorization: Bearer <token>`, as `manage.py rag_token` prints it."""

    async def authenticate(self, request: HttpRequest, token: str) -> Grant:
        """Return what the token lets search. Raises TokenRefused."""
        return grant_read(token)


class SessionGrant(APIKeyCookie):
    """The session cookie of the pages; `X-CSRFToken` with it."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, grant_of: GrantOf) -> None:
        super().__init__(csrf=False)  # ours comes after the question who it is: a visitor gets 401
        self._grant_of = grant_of

    async def __call__(self, request: HttpRequest) -> Grant | None:
        """Return what the signed-in person may search, None for a visitor. Raises NotAllowed without CSRF token."""
        grant = await run_db(self._grant_of, request)
        if grant is not None and check_csrf(request) is not None:
            raise NotAllowed(_("The request lacks the token that proves it comes from Kauri's own pages."))
        return grant

    async def authenticate(self, request: HttpRequest, key: str | None) -> Grant | None:
        """Return None: `__call__` has said it all."""
        return None


def build_api(*, scope_of: GrantOf) -> NinjaAPI:
    """Return the engine's HTTP interface; `scope_of` tells what the person of a session may search."""
    api = NinjaAPI(
        title="Kauri: the engine",
        version=settings.KAURI_VERSION,
        description="Search, answers and vectors for other services. The same over gRPC: kauri.rag.v1.RagEngine.",
        urls_namespace="rag",
        docs_url=None,  # kauri.urls serves the page, without a CDN
        auth=[BearerGrant(), SessionGrant(scope_of)],
    )
    for kind in (Exception, KauriError, HttpError, ValidationError, Http404):
        api.add_exception_handler(kind, _refused)
    api.post("/search", response=SearchResult, operation_id="rag_search", openapi_extra=_DOCUMENTED)(search)
    api.post("/generate", response=Answer, operation_id="rag_generate", openapi_extra=_STREAMED)(generate)
    api.post("/embed", response=EmbedOut, operation_id="rag_embed", openapi_extra=_DOCUMENTED)(embed)
    return api


async def search(request: HttpRequest, asked: SearchIn) -> SearchResult:
    """Find the passages for a question."""
    result = await get_engine().search(asked.value(_grant(request), _language()))
    return result if asked.explain else unexplained(result)


async def generate(request: HttpRequest, asked: QuestionIn) -> Answer | HttpResponse:
    """Answer a question: whole as JSON, or event by event with `Accept: text/event-stream`.

    The events have the names and fields of `AnswerEvent` in the gRPC protocol: searching, retrieved, text_delta,
    citation_added, models_failed, restarted, refused, grounded, and at last finished, or failed with a problem.
    """
    question = asked.value(_grant(request), _language())
    handed: Handed | None = getattr(request, "scope", {}).get(HANDED)
    if handed is not None:
        # The ASGI function around Django goes on from here: a Django view would hold a thread for all of the answer.
        handed.question = question
        return HttpResponse(status=204)
    return await collected(get_engine().answer(question))


async def embed(request: HttpRequest, asked: EmbedIn) -> EmbedOut:
    """Turn texts into unit vectors of the engine's embedder, which is named beside them.

    Vectors of another model, or of another revision of its weights, are not comparable with these.
    """
    texts_check(asked.texts)
    made = await get_engine().embed(asked.texts)
    return EmbedOut(
        model=made.model, revision=made.revision, dimension=made.vectors.shape[1], vectors=made.vectors.tolist()
    )


def _grant(request: HttpRequest) -> Grant:
    grant: Grant = request.auth  # type: ignore[attr-defined] # where django-ninja leaves it
    return grant


def _language() -> str:
    return (translation.get_language() or "fr")[:2]


def _refused(request: HttpRequest, failure: Exception | type[Exception]) -> HttpResponse:
    error = _as_kauri(failure)
    response = HttpResponse(problem_body(error), CONTENT_TYPE, error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer, Session"
    response["Cache-Control"] = "no-store"
    return response


def _as_kauri(failure: Exception | type[Exception]) -> KauriError:
    match failure:
        case KauriError():
            return failure
        case AuthenticationError():
            return NotAuthenticated(
                _("This call carries no token. Send one: Authorization: Bearer …; “manage.py rag_token” prints it.")
            )
        case OperationalError() | InterfaceError():
            return DatabaseAway()
        case ValidationError():
            # Where and why, not what: the question is not repeated.
            errors = [{"field": each["loc"][2:], "message": field_fault(each)} for each in failure.errors]
            return InvalidInput(_("Some fields cannot be used as they are."), extra={"errors": errors})
        case Http404():
            return NotFound()
        case HttpError(status_code=400):
            return InvalidInput()
        case _:
            logger.error("a request to the engine broke", exc_info=failure if isinstance(failure, Exception) else None)
            return KauriError()
