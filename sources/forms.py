"""What we ask about a source beside what its connector asks."""

from __future__ import annotations

from typing import Any

from django import forms

from workspace.errors import ConfigError
from workspace.naming import validate_schema_name


class NameForm(forms.Form):
    """The first step: a name, the schema it has in every warehouse, and the warehouses to feed.

    `warehouses` are those of the workspace; `key` makes a form that is sent twice add one source.
    """

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="Names the source in this workspace, such as Desk.com or Desk EMEA.",
    )
    schema_name = forms.CharField(
        label="Schema name",
        max_length=63,
        required=False,
        help_text="The schema in every warehouse. Left empty, it follows the name.",
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    warehouses = forms.MultipleChoiceField(
        label="Warehouses",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What is synced flows into those that are ticked; this can be changed at any time.",
    )

    def __init__(self, *args: Any, warehouses: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["warehouses"].choices = warehouses  # type: ignore[attr-defined]
        if not warehouses:
            del self.fields["warehouses"]

    def clean_schema_name(self) -> str:
        """A name that every warehouse takes as it is."""
        name = str(self.cleaned_data["schema_name"]).strip()
        if name:
            try:
                validate_schema_name(name)
            except ConfigError as error:
                raise forms.ValidationError(error.message) from None
        return name
