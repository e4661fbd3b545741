"""Pages of the corpus that are not the admin's."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.auth import principal_for_request
from apps.knowledge import selectors
from kauri.lib.errors import NotFound


@require_GET
@login_required
def reader(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Show the passage at `?start=&end=` in its document."""
    start = _position(request, "start", 0)
    end = _position(request, "end", start)
    try:
        window = selectors.reader_window(principal_for_request(request), version_id, start, end)
    except NotFound as error:
        raise Http404 from error
    return render(request, "knowledge/reader.html", {"window": window})


def _position(request: HttpRequest, name: str, default: int) -> int:
    # A link that was cut in a mail still opens its text.
    digits = request.GET.get(name, "")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 12 else default
