"""Checks of the models that write answers."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from kauri.management.findings import Finding, note, ok

TIMEOUT_S = 10.0


def providers(*, is_probed: bool) -> list[Finding]:
    """Tell which models are configured; with `is_probed`, ask each for its list of models."""
    name = _("Models")
    if not settings.KAURI_LLM_PROVIDERS:
        return [note(name, _("none"), _("Answers are quotations; set DEEPSEEK_API_KEY or OPENAI_API_KEY for a model."))]
    return [
        _probe(provider) if is_probed else ok(name, _described(provider)) for provider in settings.KAURI_LLM_PROVIDERS
    ]


def _described(provider: dict[str, Any]) -> str:
    return f"{provider['name']}: {provider['model']}, {provider['base_url']}"


def _probe(provider: dict[str, Any]) -> Finding:
    import openai  # noqa: PLC0415 - its import takes seconds

    client = openai.OpenAI(api_key=provider["api_key"], base_url=provider["base_url"], timeout=TIMEOUT_S, max_retries=0)
    found = _described(provider)
    try:
        with client:
            names = {model.id for model in client.models.list()}
    except openai.OpenAIError as error:
        # Answers fall back to the next provider, and at last to quotations.
        return note(_("Models"), found, _("It does not answer: %(reason)s") % {"reason": str(error)[:200]})
    if names and provider["model"] not in names:
        return note(_("Models"), found, _("It answers, but does not list this model: correct its name."))
    return ok(_("Models"), found)
