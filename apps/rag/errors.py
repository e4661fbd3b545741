"""What can go wrong in the engine."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kauri.lib.errors import NotAllowed, NotAuthenticated, Unavailable


class RetrievalUnavailable(Unavailable):
    """The database that holds the passages does not answer."""

    code = "retrieval_unavailable"
    default_message = _("The texts cannot be searched right now. Please try again in a moment.")


class EmbedderFailed(Unavailable):
    """The embedding model could not be loaded or failed on a text."""

    code = "embedder_failed"
    default_message = _("The embedding model is not available.")


class EmbedderMisconfigured(EmbedderFailed):
    """The embedding model will fail again until its settings change."""

    code = "embedder_misconfigured"
    permanent = True


class EmbedderAbsent(EmbedderFailed):
    """This installation has no embedding model, by its own choice."""

    code = "embedder_absent"
    permanent = True
    default_message = _("This installation has no embedding model (EMBEDDER=none): it gives no vectors.")


class VectorsUnavailable(Unavailable):
    """The store of vectors does not answer; `permanent` where it will refuse again until something is changed."""

    code = "vectors_unavailable"
    default_message = _("The store of vectors does not answer.")

    def __init__(self, message: str | None = None, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class IndexMismatch(EmbedderFailed):
    """The configured model is not the one that made the vectors that are searched."""

    code = "index_mismatch"
    permanent = True


class RerankerFailed(Unavailable):
    """The reranking model could not be loaded, failed, or took too long."""

    code = "reranker_failed"
    default_message = _("The passages could not be put in order by the model.")


class ModelFailed(Unavailable):
    """A language model did not answer as it should."""

    code = "model_failed"
    default_message = _("The language model did not answer.")


class TokenRefused(NotAuthenticated):
    """The token that says what a caller may search is missing, forged, or out of its time."""

    code = "token_refused"
    default_message = _("The access token is missing, is not signed by this installation, or has expired.")


class ScopeRefused(NotAllowed):
    """A request asks for more than its caller may search."""

    code = "scope_refused"
    default_message = _("Some of the collections or organisations asked for are not among those that you may search.")
