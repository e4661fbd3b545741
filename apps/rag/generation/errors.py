"""How a provider of a language model can fail; `permanent` ones are not asked again."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.rag.errors import ModelFailed


class ProviderTimeout(ModelFailed):
    """No connection, no first word, no next word, or no end within its time."""

    code = "provider_timeout"
    default_message = _("The language model takes too long to answer.")


class ProviderUnavailable(ModelFailed):
    """No connection, a 5xx answer, or a connection that broke off."""

    code = "provider_unavailable"
    default_message = _("The language model cannot be reached just now.")


class ProviderRateLimited(ModelFailed):
    """Too many requests: another provider may answer meanwhile."""

    code = "provider_rate_limited"
    default_message = _("The language model is overloaded just now.")


class ProviderRefused(ModelFailed):
    """The provider does not accept the request or its key: asking again would change nothing."""

    code = "provider_refused"
    permanent = True
    default_message = _("The language model refused the request.")


class ProviderGarbled(ModelFailed):
    """What came back is not a completion."""

    code = "provider_garbled"
    default_message = _("The language model sent an answer that cannot be read.")


class ProviderTruncated(ModelFailed):
    """The completion reached its length limit: what came is good, its last sentence is cut."""

    code = "provider_truncated"
    permanent = True
    default_message = _("The answer of the language model was cut off.")
