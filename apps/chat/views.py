"""The pages of the chat. Everything that script does here works by plain forms too."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.auth import principal_for_request
from apps.accounts.types import Principal
from apps.chat import pages, selectors, services
from apps.chat.forms import QuestionForm, WaitingQuestion
from apps.chat.models import Conversation, Message
from apps.chat.scopes import scope_choice
from apps.chat.suggestions import suggestions_shown
from apps.knowledge.selectors import namespace_list
from kauri.lib.errors import KauriError, NotFound

HISTORY_LENGTH = 100
WAITING_KEY = "waiting_question"

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_owner(page: Page[P]) -> Page[P]:
    """Ask visitors to sign in; answer a stranger as if there were nothing."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return page(request, *args, **kwargs)
        except NotFound as error:
            raise Http404 from error

    update_wrapper(guarded, page)
    return login_required(guarded)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Show the start page to anybody, and take a first question."""
    principal = principal_for_request(request)
    if request.method != "POST":
        return _start_page(request, principal, text=request.GET.get("q", "")[:4000])
    form = QuestionForm(request.POST)
    if principal.is_anonymous:
        return _keep_waiting(request, form)
    try:
        asked = services.question_ask(principal=principal, **form.asked())
    except KauriError as error:
        return _start_page(request, principal, text=form.text, error=str(error.message), status=error.status)
    return redirect("chat:conversation", conversation_id=asked.conversation_id)


@require_GET
@login_required
def waiting(request: HttpRequest) -> HttpResponse:
    """Ask the question that waited behind sign-up or login; it is asked once."""
    kept = request.session.pop(WAITING_KEY, None)
    if kept is None:
        return redirect("chat:start")
    question = WaitingQuestion(kept)
    principal = principal_for_request(request)
    try:
        asked = services.question_ask(principal=principal, **question.asked())
    except KauriError as error:
        return _start_page(request, principal, text=question.text, error=str(error.message), status=error.status)
    return redirect("chat:conversation", conversation_id=asked.conversation_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Show a conversation, and take the next question in it."""
    principal = principal_for_request(request)
    shown = selectors.conversation_get(principal, conversation_id)
    if request.method != "POST":
        return _conversation_page(request, principal, shown)
    form = QuestionForm(request.POST)
    try:
        services.question_ask(principal=principal, conversation_id=shown.pk, **form.asked())
    except NotFound:
        raise
    except KauriError as error:
        return _conversation_page(
            request, principal, shown, text=form.text, error=str(error.message), status=error.status
        )
    return redirect("chat:conversation", conversation_id=shown.pk)


@require_GET
@for_owner
def message(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Return one turn and its sources, for script to put in place."""
    answer = selectors.message_get(principal_for_request(request), conversation_id, message_id)
    if answer.parent is None:
        raise NotFound
    is_last = answer.conversation.active_leaf_id == answer.pk
    turn = pages.turn_card(answer.parent, answer, is_last=is_last)
    response = render(request, "chat/_message.html", {"turn": turn})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@for_owner
def stop(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Stop an answer, for pages without script."""
    principal = principal_for_request(request)
    answer = selectors.message_get(principal, conversation_id, message_id)
    for turn in answer.turns.all():
        if turn.is_live:
            services.turn_stop(principal=principal, response_id=turn.pk)
    return redirect("chat:conversation", conversation_id=conversation_id)


@require_POST
@for_owner
def again(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Answer a question once more, for pages without script."""
    principal = principal_for_request(request)
    answer = selectors.message_get(principal, conversation_id, message_id)
    turn = max(answer.turns.all(), key=lambda turn: turn.pk, default=None)
    if turn is None:
        raise NotFound
    try:
        services.answer_regenerate(principal=principal, response_id=turn.pk)
    except NotFound:
        raise
    except KauriError as error:
        messages.error(request, str(error.message))
    return redirect("chat:conversation", conversation_id=conversation_id)


def _keep_waiting(request: HttpRequest, form: QuestionForm) -> HttpResponse:
    if not form.text:
        return _start_page(request, principal_for_request(request), error=_("Write a question first."), status=422)
    request.session[WAITING_KEY] = form.kept()
    return redirect(f"{reverse('account_signup')}?{urlencode({'next': reverse('chat:waiting')})}")


def _start_page(
    request: HttpRequest, principal: Principal, *, text: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    composer = pages.Composer(
        action=reverse("chat:start"),
        scope=scope_choice(_namespaces()),
        placeholder=_("A rule, an account, an article, a ruling…"),
        text=text,
        error=error,
    )
    context = {"composer": composer, "suggestions": suggestions_shown(), "history": _history(principal)}
    return render(request, "chat/start.html", context, status=status)


def _conversation_page(
    request: HttpRequest,
    principal: Principal,
    shown: Conversation,
    *,
    text: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    branch = selectors.message_list(principal, shown.pk)
    turns = pages.turn_cards(branch)
    live = next((turn for turn in turns if turn.is_live), None)
    # an answer may be over the law of a day that its question named: the next question is not
    last = next((message for message in reversed(branch) if message.role == Message.Role.USER), None)
    composer = pages.Composer(
        action=reverse("chat:conversation", kwargs={"conversation_id": shown.pk}),
        scope=scope_choice(
            _namespaces(),
            filters=selectors.filters_of(last) if last else None,
            is_today=last is None or pages.was_asked_for_today(last),
        ),
        placeholder=_("Ask a further question"),
        text=text,
        error=error,
        draft_key=str(shown.pk),
        conversation_id=str(shown.pk),
        is_running=live is not None,
        stop_url=live.stop_url if live else "",
    )
    context = {"composer": composer, "conversation": shown, "turns": turns, "history": _history(principal)}
    response = render(request, "chat/conversation.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _history(principal: Principal) -> tuple[pages.HistoryGroup, ...]:
    if principal.is_anonymous:
        return ()
    return pages.history_groups(selectors.conversation_list(principal, HISTORY_LENGTH))


def _namespaces() -> list[tuple[str, str]]:
    return [(namespace.slug, namespace.title) for namespace in namespace_list()]
