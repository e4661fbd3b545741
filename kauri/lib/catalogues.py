"""Message catalogues without GNU gettext: extraction, merging and compiling by Babel (development only)."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parent.parent.parent
LOCALE_DIR = BASE_DIR / "locale"
LOCALES = ("fr", "en")
_FOLDERS = ("apps", "kauri")
_LEFT_OUT = {"tests", "migrations"}
# What Babel holds for a message: a sentence, or its forms.
Words = str | tuple[str, ...] | list[str] | None
_SINGULAR = ("_", "gettext", "gettext_lazy", "gettext_noop")
_PLURAL = ("ngettext", "ngettext_lazy")
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(_SINGULAR),
    **dict.fromkeys(_PLURAL, (1, 2)),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def extracted() -> Catalog:
    """Return every message of the code and the templates, sorted, without places (they change too often)."""
    found: dict[tuple[str, str], Message] = {}
    for source in _sources():
        for _line, words, _comments, context in extract("python", io.BytesIO(source), keywords=_KEYWORDS):
            key = words if isinstance(words, str) else words[0]
            known = found.get((key, context or ""))
            if known is None or (isinstance(words, tuple) and not known.pluralizable):
                found[key, context or ""] = Message(words, context=context)
    catalog = Catalog()
    for place in sorted(found):
        message = found[place]
        catalog.add(message.id, context=message.context)
    return catalog


def updated(locale: str) -> Catalog:
    """Return a locale's catalogue with exactly today's messages, its translations kept."""
    old = saved(locale)
    fresh = Catalog(locale=locale, fuzzy=False, header_comment="# Kauri", project="Kauri", version="")
    for message in extracted():
        if not message.id:
            continue
        kept = old.get(_key(message), message.context)
        words: Words = kept.string if kept is not None and kept.pluralizable == message.pluralizable else ""
        if locale == "en" and not _is_whole(words):
            words = _tidy_english(message.id)
        fresh.add(message.id, words, context=message.context)
    return fresh


def saved(locale: str) -> Catalog:
    """Return a locale's catalogue as it is on disk; an empty one where there is none."""
    path = po_path(locale)
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def write(locale: str, catalog: Catalog) -> None:
    """Write a locale's .po and .mo."""
    path = po_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(po_bytes(catalog))
    path.with_suffix(".mo").write_bytes(mo_bytes(catalog))


def po_path(locale: str) -> Path:
    """Return where a locale's catalogue lies."""
    return LOCALE_DIR / locale / "LC_MESSAGES" / "django.po"


def po_bytes(catalog: Catalog) -> bytes:
    """Return a catalogue as text, the same bytes for the same messages."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=0, omit_header=True, no_location=True, sort_output=True)
    charset = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    forms = f'"Plural-Forms: {catalog.plural_forms}\\n"\n"Language: {catalog.locale}\\n"\n\n'
    return charset.encode() + forms.encode() + buffer.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    """Return a catalogue compiled; it holds no date, so equal messages give equal bytes."""
    plain = Catalog(locale=catalog.locale)
    for message in catalog:
        if message.id:
            plain.add(message.id, message.string, context=message.context)
    buffer = io.BytesIO()
    write_mo(buffer, plain)
    return re.sub(rb"(POT-Creation-Date|PO-Revision-Date): [^\n]*", _same_length_blank, buffer.getvalue())


def problems(locale: str) -> list[str]:
    """Return what is wrong with a locale: missing, superfluous or untranslated messages, a stale .mo."""
    catalog, wanted = saved(locale), extracted()
    known = {(_key(message), message.context) for message in catalog if message.id}
    needed = {(_key(message), message.context) for message in wanted if message.id}
    found = [f"{locale}: not in the catalogue: {key!r}" for key, _context in sorted(needed - known, key=str)]
    found += [f"{locale}: no longer used: {key!r}" for key, _context in sorted(known - needed, key=str)]
    found += [
        f"{locale}: not translated: {_key(message)!r}"
        for message in catalog
        if message.id and (message.fuzzy or not _is_whole(message.string))
    ]
    compiled = po_path(locale).with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != mo_bytes(catalog):
        found.append(f"{locale}: the compiled catalogue is older than its source")
    return found


def _sources() -> Iterator[bytes]:
    for folder in _FOLDERS:
        for path in sorted((BASE_DIR / folder).rglob("*.py")):
            if not _LEFT_OUT & set(path.relative_to(BASE_DIR).parts):
                yield path.read_bytes()
    for pattern in ("*.html", "*.txt"):
        for path in sorted((BASE_DIR / "templates").rglob(pattern)):
            # The tokenizer minds indentation, a template does not.
            code = templatize(path.read_text("utf-8"))
            yield "\n".join(line.strip() for line in code.splitlines()).encode()


def forms_of(message: Message) -> tuple[str, ...]:
    """Return a message's translations: one, or one a plural form."""
    words = message.string
    return tuple(words) if isinstance(words, tuple | list) else (words or "",)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str(message.id[0])


def _is_whole(words: Words) -> bool:
    return all(words) if isinstance(words, tuple | list) else bool(words)


def _tidy_english(words: Words) -> Words:
    if isinstance(words, tuple | list):
        return tuple(form.replace("'", "’") for form in words)
    return (words or "").replace("'", "’")


def _same_length_blank(match: "re.Match[bytes]") -> bytes:
    return match[0].split(b":")[0] + b": " + b"-" * (len(match[0]) - len(match[0].split(b":")[0]) - 2)
