"""The curators' page of the lexicon: what people say, and what the texts say for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.rag import analysis
from apps.rag.models import LexiconEntry
from apps.rag.understanding.lexicon import words_of
from kauri.lib.text import fold

_MAX_WORDS = 6
_MAX_MEANT = 5


class LexiconEntryForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """An entry, checked for what the search could not use."""

    meant = SimpleArrayField(
        forms.CharField(max_length=200),
        label=_("what the texts say"),
        help_text=_("The words of the law or of the chart for it, separated by commas: “révocation, juste motif”."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    class Meta:
        model = LexiconEntry
        fields = ("said", "meant", "register", "is_active", "note")
        help_texts = {
            "said": _("One word or a few, as people type them: “virer”, “mettre à la porte”. Plurals are understood."),
            "register": _("Whose word it is. It changes nothing in the search."),
            "is_active": _("Untick to keep the entry and leave it out of the search."),
            "note": _("For your colleagues: where the word is said, why it was added."),
        }

    def clean_said(self) -> str:
        """Refuse what the search leaves out of every question, and what is there already."""
        said = " ".join(self.cleaned_data["said"].split()).strip(" ,.;:?!")
        words = words_of(said)
        if not words or not analysis.terms(said):
            raise ValidationError(
                _("The search leaves these words out of every question: nobody would find the entry.")
            )
        if len(words) > _MAX_WORDS:
            raise ValidationError(
                _("At most %(n)s words: a longer phrase is hardly typed twice."), params={"n": _MAX_WORDS}
            )
        others = LexiconEntry.objects.exclude(pk=self.instance.pk).values_list("said", flat=True)
        if fold(said) in {fold(other) for other in others}:
            raise ValidationError(_("“%(said)s” is in the lexicon already."), params={"said": said})
        return said

    def clean_meant(self) -> list[str]:
        """Refuse empty forms and too many: each further one makes the others count less."""
        forms_given = [" ".join(form.split()) for form in self.cleaned_data["meant"]]
        meant = list(dict.fromkeys(form for form in forms_given if form))
        empty = next((form for form in meant if not analysis.terms(form)), None)
        if empty is not None:
            raise ValidationError(_("The search leaves “%(form)s” out of every text."), params={"form": empty})
        if len(meant) > _MAX_MEANT:
            raise ValidationError(
                _("At most %(n)s expressions: each further one makes the others count less."), params={"n": _MAX_MEANT}
            )
        return meant

    def clean(self) -> dict[str, Any]:
        """Refuse an entry that stands for itself."""
        cleaned: dict[str, Any] = super().clean() or {}
        said, meant = cleaned.get("said"), cleaned.get("meant")
        if said and meant and all(set(analysis.terms(form)) <= set(analysis.terms(said)) for form in meant):
            self.add_error("meant", _("These are the same words: the search would learn nothing."))
        return cleaned


@admin.register(LexiconEntry)
class LexiconEntryAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Words of the curators; those that come with Kauri stand in files beside the code."""

    form = LexiconEntryForm
    list_display = ("said", "meant_shown", "register", "is_active", "changed")
    list_filter = ("register", "is_active")
    list_per_page = 50
    list_fullwidth = True
    search_fields = ("said", "meant__icontains", "note")
    ordering = ("said",)
    actions = ("use", "leave_out")

    @admin.display(description=_("what the texts say"))
    def meant_shown(self, row: LexiconEntry) -> str:
        """Return the forms in one line."""
        return ", ".join(row.meant)

    @admin.display(description=_("changed"), ordering="changed_at")
    def changed(self, row: LexiconEntry) -> datetime:
        """Return when the entry was last changed."""
        return row.changed_at

    @admin.action(description=_("Use in search"))
    def use(self, request: HttpRequest, rows: QuerySet[LexiconEntry]) -> None:
        """Put the chosen entries into use."""
        self._switch(request, rows, is_active=True)

    @admin.action(description=_("Leave out of search"))
    def leave_out(self, request: HttpRequest, rows: QuerySet[LexiconEntry]) -> None:
        """Take the chosen entries out of use."""
        self._switch(request, rows, is_active=False)

    def _switch(self, request: HttpRequest, rows: QuerySet[LexiconEntry], *, is_active: bool) -> None:
        # the time too: by it every process sees that the table changed
        n_changed = rows.update(is_active=is_active, changed_at=timezone.now())
        said = ngettext("%(n)s entry changed.", "%(n)s entries changed.", n_changed) % {"n": n_changed}
        self.message_user(request, said, messages.SUCCESS)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_curator(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_curator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_curator(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_curator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_curator(request)

    def _is_curator(self, request: HttpRequest) -> bool:
        """Tell whether the back office itself admits the person: it admits curators alone."""
        return bool(self.admin_site.has_permission(request))
