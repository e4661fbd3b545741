"""Why a file could not be read, each with a sentence for whoever uploaded it."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.knowledge.parsers.refusals import Refused
from kauri.lib.errors import KauriError


class ParseFailed(KauriError):
    """A file that could not be turned into text; the file itself is kept."""

    code = "parse_failed"
    status = 422
    default_message = _("This file could not be read.")


class Encrypted(ParseFailed):
    code = "file_encrypted"
    default_message = _("This file is protected by a password. Remove the password and send it again.")


class Empty(ParseFailed):
    code = "file_empty"
    default_message = _("This file holds no text.")


class ScanWithoutText(ParseFailed):
    """`extra["pages"]` counts the pages, none of which has a text layer."""

    code = "scan_without_text"


class UnsupportedFormat(ParseFailed):
    """`extra["found"]` is what the content was recognised as, such as xlsx or image."""

    code = "unsupported_format"


class Broken(ParseFailed):
    code = "file_broken"
    default_message = _(
        "This file is damaged and could not be read. Save it again in its program and send it once more."
    )


class TooLarge(ParseFailed):
    code = "file_too_large"
    default_message = _(
        "This file needs more memory than is allowed for reading one document. Split it and send the parts."
    )


class TimedOut(ParseFailed):
    code = "parse_timed_out"
    default_message = _("Reading this file took longer than is allowed. Split it and send the parts.")


_PLAIN: dict[str, type[ParseFailed]] = {
    "encrypted": Encrypted,
    "empty": Empty,
    "broken": Broken,
    "too_large": TooLarge,
    "timed_out": TimedOut,
}


def parse_failed_from(refused: Refused) -> ParseFailed:
    """Give the error with its translated sentence for what the child process told."""
    if refused.kind == "scan_without_text":
        sentence = ngettext_lazy(
            "This file is a scan: its %(pages)d page has no text layer. Run it through text recognition (OCR) first.",
            "This file is a scan: its %(pages)d pages have no text layer. Run it through text recognition (OCR) first.",
            "pages",
        )
        return ScanWithoutText(sentence % {"pages": refused.pages}, extra={"pages": refused.pages})
    if refused.kind == "unsupported_format":
        sentence = _(
            "Files of this kind (%(found)s) are not read yet. "
            "Send .docx, .pdf, .md, .txt or a chart of accounts as .csv."
        )
        return UnsupportedFormat(sentence % {"found": refused.found}, extra={"found": refused.found})
    return _PLAIN[refused.kind]()
