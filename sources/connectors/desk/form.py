"""The credentials of a Desk account as a form: email and password, or the four values of OAuth 1.0a."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from sources.connectors.base import SettingsError
from sources.connectors.desk.site import find_site

BASIC = ("email", "password")
OAUTH = ("consumer_key", "consumer_secret", "token", "token_secret")


def _secret(label: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, help_text=help_text, required=False, strip=False, widget=widget)


class DeskForm(forms.Form):
    """`cleaned_data` also holds `base_url`, the address of the API."""

    alternative = OAUTH
    """Fields of another way to sign in, which a page may fold away."""
    alternative_label = "Use OAuth instead of a password"
    goes_with = dict.fromkeys(OAUTH[1:], OAUTH[0]) | {"password": "email"}
    """Secrets that a command asks for only where this other field was given."""

    subdomain = forms.CharField(
        label="Subdomain",
        max_length=253,
        help_text="The wxyz of wxyz.desk.com.",
        widget=forms.TextInput(
            attrs={"placeholder": "wxyz", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    email = forms.EmailField(
        label="Email", required=False, help_text="Of a Desk.com user with administrator privileges."
    )
    password = _secret("Password")
    consumer_key = forms.CharField(
        label="OAuth consumer key",
        required=False,
        help_text="Instead of email and password; in Desk.com under Admin, Settings, API.",
    )
    consumer_secret = _secret("OAuth consumer secret")
    token = _secret("OAuth access token", "Shown there as Your Access Token.")
    token_secret = _secret("OAuth access token secret")

    def clean_subdomain(self) -> str:
        """The name of the site; its address goes to `base_url`."""
        try:
            site = find_site(self.cleaned_data["subdomain"], settings.OUTBOUND_ALLOWED_HOSTS)
        except SettingsError as error:
            raise forms.ValidationError(f"{error.message} {error.action}".strip(), code=error.code) from None
        self.cleaned_data["base_url"] = site.base_url
        return site.subdomain

    def clean(self) -> dict[str, Any]:
        """One of the two sets must be complete; what is missing from the one begun is named."""
        wanted = OAUTH if self._given(OAUTH) and not self._given(BASIC) else BASIC
        if not (self._complete(OAUTH) or self._complete(BASIC)):
            for name in wanted:
                if name not in self._given(wanted) and name not in self.errors:
                    self.add_error(name, forms.ValidationError(self._missing(name, wanted), code="required"))
        return self.cleaned_data

    def _given(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if self.cleaned_data.get(name)]

    def _complete(self, names: tuple[str, ...]) -> bool:
        return len(self._given(names)) == len(names)

    def _missing(self, name: str, wanted: tuple[str, ...]) -> str:
        label = self.fields[name].label
        if wanted is OAUTH:
            return f"{label} is missing; OAuth needs all four values."
        return f"{label} is missing; give email and password, or all four OAuth values."
