"""How a provider of a language model can fail; `permanent` ones are not asked again for the same answer.

| what happens | named | asked again | counts for the breaker |
|---|---|---|---|
| connection refused or broken, 408, 409, 425, 5xx, no finish_reason or a broken end | ProviderUnavailable | yes | yes |
| no connection in 2 s, no word in 6 s, silence of 15 s, no end in 60 s | ProviderTimeout | no: time is up | yes |
| 429, or its code in a body | ProviderRateLimited | after its Retry-After, where that is short | yes |
| 401, 402, 403, 404, a spent quota | ProviderDenied | no | yes |
| 400, 413, 422 and other 4xx, content_filter | ProviderRefused | no | no: it is about this question |
| broken JSON, no JSON of a completion, no text at all | ProviderGarbled | yes | yes |
| finish_reason length, or far more text than was asked for | ProviderTruncated | no: what came is good | as a success |

An error that comes in the body of a 200, whole or as an event of the stream, is named by its code as by a status.
"""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from apps.rag.errors import ModelFailed


class ProviderFailed(ModelFailed):
    """A provider did not give a whole completion. `says_nothing`: it is this request's fault, or nobody's."""

    says_nothing: ClassVar[bool] = False


class ProviderTimeout(ProviderFailed):
    """No connection, no first word, no next word, or no end within its time."""

    code = "provider_timeout"
    default_message = _("The language model takes too long to answer.")


class ProviderUnavailable(ProviderFailed):
    """No connection, a 5xx answer, or a connection that broke off."""

    code = "provider_unavailable"
    default_message = _("The language model cannot be reached just now.")


class ProviderRateLimited(ProviderFailed):
    """Too many requests; `retry_after_s` is how long the provider asks to be left alone, None where it does not say."""

    code = "provider_rate_limited"
    default_message = _("The language model is overloaded just now.")

    def __init__(self, retry_after_s: float | None = None) -> None:
        super().__init__(extra={} if retry_after_s is None else {"retry_after_s": round(retry_after_s, 1)})
        self.retry_after_s = retry_after_s


class ProviderDenied(ProviderFailed):
    """The provider does not take the key, the account or the model's name: a person must mend that."""

    code = "provider_denied"
    permanent = True
    default_message = _("The language model does not accept Kauri's key or the name of the model.")


class ProviderRefused(ProviderFailed):
    """The provider does not accept this request: asking it again would change nothing."""

    code = "provider_refused"
    permanent = True
    says_nothing = True
    default_message = _("The language model refused the request.")


class ProviderGarbled(ProviderFailed):
    """What came back is not a completion."""

    code = "provider_garbled"
    default_message = _("The language model sent an answer that cannot be read.")


class ProviderTruncated(ProviderFailed):
    """The completion reached its length limit: what came is good, its last sentence is cut."""

    code = "provider_truncated"
    permanent = True
    default_message = _("The answer of the language model was cut off.")
