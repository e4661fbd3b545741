"""The choice of a language."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.i18n import set_language

from apps.accounts import services
from apps.accounts.models import User


def language_choose(request: HttpRequest) -> HttpResponseBase:
    """Keep the posted language in a cookie, as Django does, and with the account, for other browsers."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        services.language_keep(user_id=request.user.pk, language=language)
    return set_language(request)
