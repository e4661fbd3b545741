"""Every sentence is translated, and the compiled catalogues are those of the sources."""

import re

import polib
import pytest

from kauri.lib import catalogues
from kauri.management.commands.messages import Command

_PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@pytest.mark.parametrize("locale", catalogues.LOCALES)
def test_a_catalogue_is_whole_and_fresh(locale: str) -> None:
    assert catalogues.problems(locale) == []


@pytest.mark.parametrize("locale", catalogues.LOCALES)
def test_the_compiled_catalogue_says_what_its_source_says(locale: str) -> None:
    source = polib.pofile(str(catalogues.po_path(locale)))
    compiled = polib.mofile(str(catalogues.po_path(locale).with_suffix(".mo")))

    def said(entries: polib.POFile | polib.MOFile) -> dict[tuple[str, str], object]:
        return {(entry.msgctxt or "", entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in entries}

    assert said(source) == said(compiled)


@pytest.mark.parametrize("locale", catalogues.LOCALES)
def test_a_translation_keeps_every_place(locale: str) -> None:
    for message in catalogues.saved(locale):
        wanted = set(_PLACE.findall(message.id if isinstance(message.id, str) else message.id[-1]))
        for form in catalogues.forms_of(message):
            assert not message.id or set(_PLACE.findall(form)) == wanted, (message.id, form)


def test_french_is_set_as_french() -> None:
    for message in catalogues.saved("fr"):
        for form in catalogues.forms_of(message):
            assert "'" not in form, form
            assert not re.search(r"« | »| [;!?:](?:\s|$)", form), form


def test_extraction_reads_code_and_templates() -> None:
    found = {str(message.id if isinstance(message.id, str) else message.id[0]) for message in catalogues.extracted()}
    assert "Write a question first." in found  # a service's error
    assert "What are you looking for in the texts?" in found  # a template
    assert "closed on %(day)s" in found  # a block with a place
    assert "%(n)d collection" in found  # a plural


def test_a_message_that_is_gone_or_new_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    today = catalogues.extracted()
    today.add("A sentence that nobody has translated yet.")
    monkeypatch.setattr(catalogues, "extracted", lambda: today)
    assert catalogues.problems("fr") == ["fr: not in the catalogue: 'A sentence that nobody has translated yet.'"]


def test_the_command_only_looks_when_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    before = catalogues.po_path("fr").read_bytes()
    Command().handle(check=True)
    assert catalogues.po_path("fr").read_bytes() == before
    assert capsys.readouterr().out == ""
