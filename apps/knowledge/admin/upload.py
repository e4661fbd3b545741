"""The page on which a curator adds a document, or a new version of one."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from unfold.views import UnfoldModelAdminViewMixin
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.auth import principal_for_request
from apps.knowledge import selectors, services
from apps.knowledge.filing import MEMBER_STATES
from apps.knowledge.models import Document, Namespace
from kauri.lib.countries import COUNTRIES
from kauri.lib.errors import KauriError, NotFound


class UploadForm(forms.Form):
    """A file and what is said about it; services check it again."""

    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget,
        allow_empty_file=True,  # the service has the clearer sentence
        help_text=_("PDF with a text layer, Word (.docx), Markdown, plain text, or a chart of accounts as .csv."),
    )
    namespace = forms.ModelChoiceField(
        Namespace.objects.all(), label=_("Collection"), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Document.Kind.choices, widget=UnfoldAdminSelectWidget)
    title = forms.CharField(
        label=_("Title"),
        max_length=400,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty: the name of the file."),
    )
    code = forms.CharField(
        label=_("Short code"),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Such as AUDCIF. A file with the code of a known document becomes its next version."),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        choices=[("", _("All member states")), *((state, COUNTRIES[state]) for state in MEMBER_STATES)],
        widget=UnfoldAdminSelectWidget,
    )
    plan = forms.CharField(
        label=_("Chart plan"),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Only for a chart of accounts: which chart it is, or column:NAME where the file says it itself."),
    )
    in_force_from = forms.DateField(label=_("In force from"), required=False, widget=UnfoldAdminSingleDateWidget)
    in_force_to = forms.DateField(
        label=_("In force until"),
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text=_("The first day on which it is no longer in force."),
    )
    publish = forms.BooleanField(
        label=_("Publish when ready"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )


class UploadView(UnfoldModelAdminViewMixin, FormView):  # type: ignore[misc, type-arg]  # unfold has no types
    """Add a document; `?document=` names the one that gets a new version."""

    title = _("Add a document")
    form_class = UploadForm
    permission_required = ()
    template_name = "knowledge/admin/upload.html"

    def get_initial(self) -> dict[str, Any]:
        """Fill in what is known of the document that gets a new version."""
        known = _known_document(self.request)
        if known is None:
            return {"namespace": "references"}
        fields = ("title", "code", "kind", "country", "plan")
        return {"namespace": known.namespace_id, **{name: getattr(known, name) for name in fields}}

    def form_valid(self, form: UploadForm) -> HttpResponse:
        """Hand the file to the service and show its import, or say what is wrong with it."""
        said = dict(form.cleaned_data)
        file = said.pop("file")
        try:
            added = services.document_add(
                principal=principal_for_request(self.request),
                file=file,
                filename=file.name,
                namespace=said.pop("namespace").pk,
                **said,
            )
        except KauriError as error:
            form.add_error("file" if error.code.startswith(("file", "unsupported")) else None, str(error))
            return self.form_invalid(form)
        if added.is_unchanged:
            messages.info(self.request, _("This file was there already; nothing has changed."))
        return HttpResponseRedirect(reverse("admin:knowledge_ingestionjob_change", args=[added.job_id]))


def _known_document(request: HttpRequest) -> Document | None:
    given = request.GET.get("document")
    if not given:
        return None
    try:
        return selectors.document_get(principal_for_request(request), UUID(given))
    except (ValueError, NotFound) as error:
        raise Http404 from error
