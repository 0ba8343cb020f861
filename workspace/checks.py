"""System checks for settings that would hurt later."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def credential_keys_are_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without a valid key no source or warehouse could be saved or read."""
    if not settings.CREDENTIAL_KEYS:
        return [Error("CREDENTIAL_KEYS is empty.", hint=_HINT, id="workspace.E001")]
    try:
        for key in settings.CREDENTIAL_KEYS:
            Fernet(key)
    except ValueError:
        return [
            Error("CREDENTIAL_KEYS holds a value that is no Fernet key.", hint=_HINT, id="workspace.E002")
        ]
    return []


@register()
def plan_exists(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """New workspaces start on a plan that has to exist."""
    if settings.DEFAULT_PLAN in settings.PLANS:
        return []
    known = ", ".join(settings.PLANS)
    return [Error(f"DEFAULT_PLAN names no plan; known are {known}.", id="workspace.E003")]


_HINT = (
    "Make one with: python -c 'from cryptography.fernet import Fernet as F; print(F.generate_key().decode())'"
)
