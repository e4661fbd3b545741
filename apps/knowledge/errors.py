"""Why the corpus refused something, each with a sentence for whoever asked."""

from django.utils.translation import gettext_lazy as _

from kauri.lib.errors import Conflict, InvalidInput, KauriError, Unavailable


class EmptyFile(InvalidInput):
    code = "file_empty"
    default_message = _("This file is empty. Choose the file again.")


class FileTooLarge(InvalidInput):
    code = "file_too_large"
    default_message = _("This file is too large.")


class UnknownNamespace(InvalidInput):
    code = "namespace_unknown"
    default_message = _("There is no such collection.")


class BadMetadata(InvalidInput):
    """A field beside the file cannot be used; the message names it."""

    code = "metadata_invalid"
    default_message = _("What is said about this document cannot be used.")


class PeriodOverlaps(Conflict):
    code = "period_overlaps"
    default_message = _(
        "The period in which this version is in force overlaps that of another published version. "
        "Correct the dates, or withdraw the other version first."
    )


class JobNotRetryable(Conflict):
    code = "job_not_retryable"
    default_message = _("Only an import that has failed can be tried again.")


class NotPublishable(Conflict):
    code = "version_not_publishable"
    default_message = _("Only a draft whose import has finished can be published.")


class VersionWithdrawn(Conflict):
    code = "version_withdrawn"
    default_message = _("This version was withdrawn before its import ended. To add it after all, send the file again.")


class StoredFileDamaged(KauriError):
    """The stored file is gone or no longer has the bytes that were sent."""

    code = "stored_file_damaged"
    default_message = _("The stored file is missing or damaged. Send the document again.")


class NothingToRead(KauriError):
    """Parsing went well and left no passage."""

    code = "nothing_to_read"
    default_message = _("No text was found in this document.")


class GivenUp(KauriError):
    """The process died too often over this job; trying again by itself would only repeat that."""

    code = "worker_lost"
    default_message = _(
        "The import was interrupted too many times. Try again; if it happens again, the file is at fault."
    )


class Unexpected(Unavailable):
    """An error that nobody named: it is in the log with its trace, the reader gets a sentence."""

    code = "internal"
    default_message = _("The import failed for a reason on our side. It has been noted. Try again in a moment.")
