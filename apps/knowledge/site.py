"""The back office: its door is Kauri's one login page with its one lock-out, and only curators pass it."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from apps.accounts.auth import principal_for_request


class CurationSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Unfold's site for curators alone."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person is staff and a curator."""
        return bool(request.user.is_active and request.user.is_staff and principal_for_request(request).is_curator)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """Send visitors to the one login page; to others who may not enter there is nothing here."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
